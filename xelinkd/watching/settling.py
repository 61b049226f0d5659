"""When a change is to be announced: never while the file is half written, and no later than needed. Pure.

What is pending is one moment for each entry; the announcement is due at the last of them.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from xelinkd.watching.chain import Entry

GRACE: Final = 0.1  # seconds; rm and cp, or mkdir and cp, are one change to whoever types them


class Change(Enum):
    """What was seen of an entry, by what it says of the content behind it."""

    WHOLE = "whole"  # closed after writing, or moved here
    PARTIAL = "partial"  # created or written to, and not yet closed
    UNSURE = "unsure"  # anything else: deleted, moved away, a symlink or directory made, permissions


class Seen(NamedTuple):
    """A change of an entry."""

    entry: Entry
    change: Change


def noted(
    pending: Mapping[Entry, float], seen: Iterable[Seen], now: float, settle: float
) -> dict[Entry, float]:
    """Add what was seen to what is pending.

    A partial file is announced `settle` seconds after it was last written to, unless it is seen whole before;
    what is unsure after `GRACE`, in case that more follows. `now` and the result are moments of one clock.
    """
    delays = {Change.PARTIAL: settle, Change.UNSURE: GRACE}
    moments = dict(pending)
    for entry, change in seen:
        if change is Change.WHOLE:
            moments[entry] = now
        else:
            moments[entry] = max(now + delays[change], moments.get(entry, now))
    return moments


def relevant(pending: Mapping[Entry, float], entries: Collection[Entry]) -> dict[Entry, float]:
    """Forget what happened to entries that decide nothing any more: a change further up led elsewhere."""
    return {entry: moment for entry, moment in pending.items() if entry in entries}


def due(pending: Mapping[Entry, float]) -> float | None:
    """Give the moment of the announcement; None if there is nothing to announce."""
    return max(pending.values(), default=None)
