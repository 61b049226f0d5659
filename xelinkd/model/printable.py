"""Text of others, made fit for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Escape what is not printable: control characters, changes of direction, ends of lines."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
