"""When an incomplete page is believed: after it has come the same way several times in a row.

A cut page must never cost a label, and an unforeseen machine must still get its labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from xelinkd.model.observation import Unknown
from xelinkd.model.unknown import Reason

if TYPE_CHECKING:
    from xelinkd.model.page import Page
    from xelinkd.model.topology import Topology


class Doubt(Struct, frozen=True):
    """What an incomplete page shows and what it lacks, and how many times in a row it has come so."""

    seen: tuple[Topology, str] | None = None
    times: int = 0


NO_DOUBT = Doubt()


def weigh(doubt: Doubt, page: Page | None, *, enough: int) -> Doubt:
    """Take in the outcome of one fetch (None: unknown); `enough` is how many incomplete pages it takes."""
    if page is None or page.gap is None:
        return NO_DOUBT
    seen = (page.topology, page.gap)
    return Doubt(seen, min(doubt.times + 1, enough) if seen == doubt.seen else 1)


def is_believed(doubt: Doubt, *, enough: int) -> bool:
    """Tell whether the page last weighed in counts."""
    return doubt.seen is None or doubt.times >= enough


def judged(doubt: Doubt, seen: Page | Unknown, *, enough: int) -> tuple[Doubt, Page | Unknown]:
    """Take in the outcome of one fetch; give it on if it counts, else that the page is incomplete."""
    doubt = weigh(doubt, None if isinstance(seen, Unknown) else seen, enough=enough)
    if isinstance(seen, Unknown) or is_believed(doubt, enough=enough):
        return doubt, seen
    return doubt, Unknown(Reason.INCOMPLETE, f"{seen.gap} (seen {doubt.times} of {enough} times)")
