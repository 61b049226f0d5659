"""Where labels go, one module each."""
