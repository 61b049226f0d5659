"""Throws made-up bytes at what reads bytes of others, and holds what comes of it against what is promised."""
