"""Noticing that a file may have changed: which entries matter, what happened to them, when to say so."""
