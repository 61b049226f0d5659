"""Mistakes on the command line, in words for the person who typed them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class UsageError(Exception):
    """What was asked for cannot be done as it was asked; the text is one sentence. Nothing was done."""


class OutputError(Exception):
    """Standard output cannot be written to: the disk is full, for one."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give `; did you mean 'check'?`, or nothing if no known word is near."""
    near = get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
