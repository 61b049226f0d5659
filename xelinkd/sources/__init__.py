"""Where a topology comes from: one module for each source, and what they share."""
