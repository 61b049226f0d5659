"""When an incomplete page is believed: after it has come the same way several times in a row.

A cut page must never cost a label, and an unforeseen machine must still get its labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xelinkd.model.page import Page


@dataclass(frozen=True, slots=True)
class Doubt:
    """An incomplete page, and how many times in a row it has come."""

    page: Page | None = None
    times: int = 0


NO_DOUBT = Doubt()


def weigh(doubt: Doubt, page: Page | None, *, enough: int) -> Doubt:
    """Take in the outcome of one fetch (None: unknown); `enough` is how many incomplete pages it takes."""
    if page is None or page.gap is None:
        return NO_DOUBT
    times = doubt.times + 1 if page == doubt.page else 1
    return Doubt(page, min(times, enough))


def is_believed(doubt: Doubt, *, enough: int) -> bool:
    """Tell whether the page last weighed in counts."""
    return doubt.page is None or doubt.times >= enough
