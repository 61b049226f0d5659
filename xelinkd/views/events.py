"""The last changes in sentences, the newest first; what happened at once to several links is one change."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.model.words import count, listed, span
from xelinkd.state.history import Event, Kind
from xelinkd.views.words import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xelinkd.state.told import State

_MOST_NAMED: Final = 8  # links of one change

_SENTENCES: Final = {
    Kind.LINK_LOST: "{links} lost",
    Kind.LINK_BACK: "{links} back",
    Kind.LINK_NEW: "{links} new",
    Kind.LANES_CHANGED: "{links}: lanes {detail}",
    Kind.SOURCE_FAILING: "topology unknown ({subject}): {detail}",
    Kind.SOURCE_BACK: "topology known again",
    Kind.LEASE_ENDED: "lease ended: nothing confirmed the labels, and they were removed",
}


class Change(Struct, frozen=True):
    """One sentence for what happened at one moment (seconds of boot time)."""

    at: float
    kind: Kind
    sentence: str


def changes(state: State) -> tuple[Change, ...]:
    """Tell the events of the history."""
    events = state.history.events
    groups = [list(group) for _, group in groupby(events, key=lambda event: (event.at, _joined(event)))]
    lost = _moments_of_loss(events)
    return tuple(_change(state, group, lost) for group in reversed(groups))


def _joined(event: Event) -> tuple[Kind, str]:
    """Give what events of one moment must share to be told together."""
    return event.kind, event.detail


def _moments_of_loss(events: Sequence[Event]) -> dict[Event, float]:
    """Find when each link that came back was lost; those whose loss is forgotten are left out."""
    lost: dict[str, float] = {}
    found: dict[Event, float] = {}
    for event in events:
        if event.kind is Kind.LINK_LOST:
            lost[event.subject] = event.at
        elif event.kind is Kind.LINK_BACK and event.subject in lost:
            found[event] = lost.pop(event.subject)
    return found


def _change(state: State, group: list[Event], lost: dict[Event, float]) -> Change:
    first = group[0]
    links = _links(group)
    moments = {lost.get(event) for event in group}
    moment = moments.pop()
    told = _sentence(first, links) if moments or moment is None else _return(state, links, moment, first.at)
    return Change(first.at, first.kind, told)


def _links(group: list[Event]) -> str:
    names = listed((event.subject for event in group), _MOST_NAMED)
    return f"link {names}" if len(group) == 1 else f"{count(len(group), 'link')} ({names})"


def _return(state: State, links: str, lost: float, back: float) -> str:
    return f"{links} lost {clock(state, lost)}, back {clock(state, back)}, after {span(back - lost)}"


def _sentence(event: Event, links: str) -> str:
    return _SENTENCES[event.kind].format(links=links, subject=event.subject, detail=event.detail)
