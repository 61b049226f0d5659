"""The topology for other programs: one JSON object, which docs/topology-json.md describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from xelinkd.views.words import stamp, stamp_if_any

if TYPE_CHECKING:
    from xelinkd.model.topology import Tile
    from xelinkd.state.history import Event, Missing
    from xelinkd.state.told import State

CONTENT_TYPE: Final = "application/json"
VERSION: Final = 1


def document(state: State) -> bytes:
    """Give the object, with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(_topology(state)), indent=2) + b"\n"


def _topology(state: State) -> dict[str, object]:
    keeping, topology = state.keeping, state.history.topology
    return {
        "version": VERSION,
        "time": stamp(state, state.now.boot),
        "known": topology is not None and keeping.ignorance is None,
        "known_at": stamp_if_any(state, keeping.known_at),
        **_unknown(state),
        "tiles": None if topology is None else [str(tile) for tile in topology.tiles],
        "links": None if topology is None else [_link(*link) for link in topology.lanes_by_link().items()],
        "missing": [_missing(state, link) for link in state.history.missing],
        "oddities": state.fetching.oddities,
        "labels": keeping.lines,
        "labels_end_at": stamp_if_any(state, keeping.end),
        "events": [_event(state, event) for event in state.history.events],
    }


def _unknown(state: State) -> dict[str, str | None]:
    ignorance = state.keeping.ignorance
    if ignorance is None:
        return {"reason": None, "detail": None, "unknown_since": None}
    since = stamp(state, ignorance.since)
    return {"reason": ignorance.reason, "detail": ignorance.detail, "unknown_since": since}


def _link(ends: tuple[Tile, Tile], lanes: int) -> dict[str, object]:
    return {"tiles": [str(tile) for tile in ends], "lanes": lanes}


def _missing(state: State, link: Missing) -> dict[str, object]:
    return _link(link.ends, link.lanes) | {"since": stamp(state, link.since)}


def _event(state: State, event: Event) -> dict[str, str]:
    time = stamp(state, event.at)
    return {"event": event.kind, "time": time, "subject": event.subject, "detail": event.detail}
