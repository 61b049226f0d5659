"""How the daemon is, in one line for the service manager: it changes only when what it tells of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.model.words import count, span
from xelinkd.views.words import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.state.told import State


def words(state: State) -> str:
    """Tell links, how old that is, and the lease; moments as moments, for an age would change all the time.

    All that comes from outside is left out: a line break in it would begin another message.
    """
    return "; ".join(_parts(state))


def _parts(state: State) -> Iterator[str]:
    if state.keeping.waits_for_lock:
        yield "another xelinkd keeps the feature file"
        return
    yield _topology(state)
    yield _labels(state)
    if fault := state.keeping.fault:
        name = state.supervision.sink.replace("-", " ")
        yield f"the {name} is not as it should be since {stamp(state, fault.since)}"
    if state.supervision.configuration.problems:
        yield "the configuration file is refused, the former one is in force"


def _topology(state: State) -> str:
    if ignorance := state.keeping.ignorance:
        return f"topology unknown since {stamp(state, ignorance.since)} ({ignorance.reason})"
    if state.keeping.known_at is None or state.history.topology is None:
        return "no observation yet"
    links, missing = len(state.history.topology.lanes_by_link()), len(state.history.missing)
    seen = f"{count(links, 'link')}{f' ({missing} missing)' if missing else ''}"
    return f"{seen} since {stamp(state, _unchanged_since(state))}, confirmed {_every(state)}"


def _unchanged_since(state: State) -> float:
    events = state.history.events
    return events[-1].at if events else state.supervision.started_at


def _every(state: State) -> str:
    interval = state.supervision.timing.interval
    return f"every {span(interval)}" if interval >= 1 else "more than once a second"


def _labels(state: State) -> str:
    end = state.keeping.end
    if end is None or end <= state.now.boot:
        return "no labels are held"
    if state.keeping.ignorance or state.keeping.known_at is None:
        return f"labels hold until {stamp(state, end)}"
    return f"labels hold for {span(state.supervision.timing.lease)} from each confirmation"
