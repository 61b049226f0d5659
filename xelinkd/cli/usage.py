"""Mistakes on the command line, in words for the person who typed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.config.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable


class UsageError(Exception):
    """What was asked for cannot be done as it was asked; the text is one sentence. Nothing was done."""


class OutputError(Exception):
    """Standard output cannot be written to: the disk is full, for one."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give `; did you mean 'check'?`, or nothing if no known word is near."""
    near = nearest(word, known)
    return f"; did you mean {near!r}?" if near else ""
