"""Servers that answer as a test tells them to."""

from support.answering import make_certificate, serve

__all__ = ["make_certificate", "serve"]
