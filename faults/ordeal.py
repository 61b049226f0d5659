"""A fault with a course of its own: many starts, many kills, or another truth than that of the labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of it: seconds until all was well (None: not measured), MiB at most, what was wrong."""

    recovery: float | None
    peak_mib: float
    complaints: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ordeal:
    """A fault that cannot be told as one beginning and one end; `undergo` tries it, on a rig of its own."""

    name: str
    undergo: Callable[[], Findings] = field(repr=False)
