"""The page: one document, self-contained."""
