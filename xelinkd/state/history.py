"""What became of the links, and when: the last changes, and the links that are missing."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import msgspec

from xelinkd.model.topology import Count, Tile, Topology
from xelinkd.state.histogram import Seconds  # noqa: TC001  msgspec reads the annotation

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_EVENTS: Final = 500
MAX_MISSING: Final = 10_000  # links; 128 tiles, all linked, have 8128
MISSED_FOR: Final = 24 * 3600.0  # seconds; a link that is gone for longer is not missed any more
MAX_TEXT: Final = 200  # characters

Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]


class Kind(StrEnum):
    """What can happen. The words are part of the product's interface: never rename one."""

    LINK_LOST = "link_lost"  # a link that was there is not shown any more
    LINK_BACK = "link_back"  # a missing link is shown again
    LINK_NEW = "link_new"  # a link is shown that was never there
    LANES_CHANGED = "lanes_changed"  # a link has another number of lanes
    SOURCE_FAILING = "source_failing"  # the topology is unknown
    SOURCE_BACK = "source_back"  # it is known again
    LEASE_ENDED = "lease_ended"  # nothing confirmed the labels for a whole lease: they were removed


class Event(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One change: what, when (seconds of boot time), of which link (`0.0-3.0`) or for which reason."""

    kind: Kind
    at: Seconds
    subject: Text = ""
    detail: Text = ""


class Missing(NamedTuple):
    """A link that was there, with the lanes it had, and when it was lost (seconds of boot time)."""

    ends: tuple[Tile, Tile]
    lanes: Count
    since: Seconds


class History(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The topology last known, the links missing from it, and the last events, the oldest first."""

    topology: Topology | None = None
    missing: Annotated[tuple[Missing, ...], msgspec.Meta(max_length=MAX_MISSING)] = ()
    events: Annotated[tuple[Event, ...], msgspec.Meta(max_length=MAX_EVENTS)] = ()


NO_HISTORY: Final = History()

Links = dict[tuple[Tile, Tile], int]


def name_of(ends: tuple[Tile, Tile]) -> str:
    """Give a link's name, as in labels."""
    return f"{ends[0]}-{ends[1]}"


def seen(history: History, topology: Topology, at: float) -> History:
    """Take in a topology; the same history if nothing changed. The first topology is no change."""
    missing = tuple(link for link in history.missing if at - link.since < MISSED_FOR)
    if topology == history.topology:
        return history if missing == history.missing else History(topology, missing, history.events)
    if history.topology is None:
        return History(topology, missing, history.events)
    before, after = history.topology.lanes_by_link(), topology.lanes_by_link()
    events = _changes(before, after, {link.ends for link in missing}, at)
    still = tuple(link for link in missing if link.ends not in after)
    lost = tuple(Missing(ends, lanes, at) for ends, lanes in before.items() if ends not in after)
    return _with(History(topology, (still + lost)[-MAX_MISSING:], history.events), events)


def noted(history: History, kind: Kind, at: float, subject: str = "", detail: str = "") -> History:
    """Add an event that is not about a link."""
    return _with(history, [Event(kind, at, subject[:MAX_TEXT], detail[:MAX_TEXT])])


def since(history: History, before: History) -> tuple[Event, ...]:
    """Give the events that came after those of an earlier history."""
    for index in range(len(history.events), 0, -1):
        if history.events[index - 1 : index] == before.events[-1:]:
            return history.events[index:]
    return history.events


def _changes(before: Links, after: Links, missed: set[tuple[Tile, Tile]], at: float) -> list[Event]:
    lost = [Event(Kind.LINK_LOST, at, name_of(ends)) for ends in before if ends not in after]
    come = [
        Event(Kind.LINK_BACK if ends in missed else Kind.LINK_NEW, at, name_of(ends))
        for ends in after
        if ends not in before
    ]
    return lost + come + _other_lanes(before, after, at)


def _other_lanes(before: Mapping[tuple[Tile, Tile], int], after: Links, at: float) -> list[Event]:
    return [
        Event(Kind.LANES_CHANGED, at, name_of(ends), f"{before[ends]} -> {lanes}")
        for ends, lanes in after.items()
        if before.get(ends, lanes) != lanes
    ]


def _with(history: History, events: list[Event]) -> History:
    return History(history.topology, history.missing, (*history.events, *events)[-MAX_EVENTS:])
