"""What is remembered of the links."""

from __future__ import annotations

from support.states import topology

from xelinkd.model.topology import Sighting, Tile, Topology
from xelinkd.state.history import (
    MAX_EVENTS,
    MAX_MISSING,
    MISSED_FOR,
    NO_HISTORY,
    Event,
    History,
    Kind,
    Missing,
    noted,
    seen,
    since,
)

WHOLE = topology([(0, 1), (0, 2)])
LESS = topology([(0, 1)])
LOST = ("0.0-2.1", "0.1-2.0")


def kinds(history: History) -> list[tuple[Kind, str]]:
    """Give what happened to what."""
    return [(event.kind, event.subject) for event in history.events]


def test_first_topology_is_no_change() -> None:
    """What a node has when xelinkd starts is not told as new."""
    assert seen(NO_HISTORY, WHOLE, 5.0) == History(WHOLE)


def test_same_again() -> None:
    """A steady node has no history, and costs nothing."""
    history = seen(NO_HISTORY, WHOLE, 5.0)
    assert seen(history, topology([(0, 1), (0, 2)]), 6.0) is history


def test_link_lost_and_back() -> None:
    """A link that went is missing until it comes back, and both moments are remembered."""
    lost = seen(seen(NO_HISTORY, WHOLE, 1.0), LESS, 2.0)
    assert kinds(lost) == [(Kind.LINK_LOST, name) for name in LOST]
    assert lost.missing == (
        Missing((Tile(0, 0), Tile(2, 1)), 8, 2.0),
        Missing((Tile(0, 1), Tile(2, 0)), 8, 2.0),
    )
    back = seen(lost, WHOLE, 3.0)
    assert since(back, lost) == tuple(Event(Kind.LINK_BACK, 3.0, name) for name in LOST)
    assert back.missing == ()


def test_link_that_was_never_there() -> None:
    """A link that comes without having been lost is new."""
    history = seen(seen(NO_HISTORY, LESS, 1.0), WHOLE, 2.0)
    assert kinds(history) == [(Kind.LINK_NEW, name) for name in LOST]


def test_other_lanes() -> None:
    """A link that lost lanes is a change, though no label may show it."""
    history = seen(seen(NO_HISTORY, LESS, 1.0), topology([(0, 1)], lanes=4), 2.0)
    assert history.events[0] == Event(Kind.LANES_CHANGED, 2.0, "0.0-1.1", "8 -> 4")


def test_link_that_stays_away() -> None:
    """A link that was taken out for good is not missed for ever."""
    lost = seen(seen(NO_HISTORY, WHOLE, 1.0), LESS, 2.0)
    assert seen(lost, LESS, 2.0 + MISSED_FOR - 1) is lost
    late = seen(lost, LESS, 2.0 + MISSED_FOR)
    assert late.missing == ()
    assert late.events == lost.events


def test_flapping_is_bounded() -> None:
    """A link that flaps for days takes no more memory than the last events."""
    history = seen(NO_HISTORY, WHOLE, 0.0)
    for moment in range(1, MAX_EVENTS):
        history = seen(history, LESS if moment % 2 else WHOLE, float(moment))
    assert len(history.events) == MAX_EVENTS
    assert history.events[-1].at == MAX_EVENTS - 1


def test_other_events() -> None:
    """What befalls the source and the lease stands among the changes of links."""
    assert noted(NO_HISTORY, Kind.LEASE_ENDED, 4.0).events == (Event(Kind.LEASE_ENDED, 4.0),)


def test_many_links_that_are_gone() -> None:
    """However many links are made up and go, as many as a machine can have are remembered, the last lost."""
    history = NO_HISTORY
    for n in range(1, 4):
        tiles = (Tile(n, 0), *(Tile(n + 9, number) for number in range(6_000)))
        links = (Sighting(tiles[0], other, 8, on_subdevice=True) for other in tiles[1:])
        history = seen(history, Topology(tiles, tuple(links)), float(n))
    history = seen(history, WHOLE, 4.0)
    assert len(history.missing) == MAX_MISSING
    assert [link.since for link in history.missing[:: MAX_MISSING - 1]] == [3.0, 4.0]
