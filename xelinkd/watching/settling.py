"""When a change is to be announced: never while the file is half written, and no later than needed. Pure.

What is pending is a change for each entry; the announcement is due when the last of them has settled.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from xelinkd.watching.chain import Entry

GRACE: Final = 0.1  # seconds; rm and cp, or mkdir and cp, are one change to whoever types them
PATIENCE: Final = 2.0  # seconds for which unsure changes put an announcement off, however many they are


class Change(Enum):
    """What was seen of an entry, by what it says of the content behind it."""

    WHOLE = "whole"  # closed after writing, or moved here
    PARTIAL = "partial"  # created or written to, and not yet closed
    UNSURE = "unsure"  # anything else: deleted, moved away, a symlink or directory made, permissions


class Seen(NamedTuple):
    """A change of an entry."""

    entry: Entry
    change: Change


class Pending(NamedTuple):
    """What is to be announced of an entry: when its first change was seen, and when it has settled."""

    first: float
    settled: float


def noted(
    pending: Mapping[Entry, Pending], seen: Iterable[Seen], now: float, settle: float
) -> dict[Entry, Pending]:
    """Add what was seen to what is pending.

    A partial file is announced `settle` seconds after it was last written to, unless it is seen whole before;
    what is unsure after `GRACE`, in case that more follows. `now` and the result are moments of one clock.
    """
    after = dict(pending)
    for entry, change in seen:
        first, before = after.get(entry, Pending(now, now))
        settled = {
            Change.WHOLE: now,
            Change.PARTIAL: max(now + settle, before),
            Change.UNSURE: max(min(now + GRACE, first + PATIENCE), before),
        }
        after[entry] = Pending(first, settled[change])
    return after


def relevant(pending: Mapping[Entry, Pending], entries: Collection[Entry]) -> dict[Entry, Pending]:
    """Forget what happened to entries that decide nothing any more: a change further up led elsewhere."""
    return {entry: change for entry, change in pending.items() if entry in entries}


def due(pending: Mapping[Entry, Pending]) -> float | None:
    """Give the moment of the announcement; None if there is nothing to announce."""
    return max((change.settled for change in pending.values()), default=None)
