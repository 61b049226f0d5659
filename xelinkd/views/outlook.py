"""What the state amounts to, in words: whether all is well, and what a person should know first."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.model.words import count, listed, relative, span
from xelinkd.state.checks import live, ready
from xelinkd.state.history import name_of
from xelinkd.views.words import clock, when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.state.checks import Check
    from xelinkd.state.told import State

_MOST_NAMED: Final = 6  # links


class Tone(StrEnum):
    """How good the state is."""

    GOOD = "good"
    ODD = "odd"  # the labels are true, and still there is something to look at
    BAD = "bad"  # a check fails


VERDICTS: Final = {
    Tone.GOOD: "All is well",
    Tone.ODD: "The labels hold, but look at this",
    Tone.BAD: "Not as it should be",
}


class Outlook(Struct, frozen=True):
    """The tone, a few words for a title, and sentences, the most important first."""

    tone: Tone
    brief: str
    sentences: tuple[str, ...]


def outlook(state: State) -> Outlook:
    """Sum the state up."""
    concerns = tuple(_concerns(state))
    failing = next((check for check in live(state) + ready(state) if not check.passed), None)
    worth_a_look = Tone.ODD if state.keeping.ignorance or concerns else Tone.GOOD
    tone = Tone.BAD if failing else worth_a_look
    return Outlook(tone, _brief(state, failing), (_topology(state), _labels(state), *concerns))


def _brief(state: State, failing: Check | None) -> str:
    if failing:
        return f"{failing.name} check fails"
    if state.keeping.ignorance or state.history.topology is None:
        return "topology unknown"
    missing = len(state.history.missing)
    return f"{count(missing, 'link')} missing" if missing else count(_links(state), "link")


def _links(state: State) -> int:
    topology = state.history.topology
    return len(topology.lanes_by_link()) if topology else 0


def _topology(state: State) -> str:
    keeping, now = state.keeping, state.now.boot
    if ignorance := keeping.ignorance:
        lasting, since = span(now - ignorance.since), clock(state, ignorance.since)
        return f"The topology is unknown for {lasting} (since {since} UTC): {ignorance.detail}"
    if keeping.known_at is None or state.history.topology is None:
        return "No observation yet: the topology is not known."
    return f"{count(_links(state), 'link')}, confirmed {relative(keeping.known_at - now)}."


def _labels(state: State) -> str:
    end, now = state.keeping.end, state.now.boot
    if end is None or end <= now:
        return "No labels are held."
    return f"The labels hold until {when(state, end)}, and longer with each observation that confirms them."


def _concerns(state: State) -> Iterator[str]:
    if missing := state.history.missing:
        names = listed((name_of(link.ends) for link in missing), _MOST_NAMED)
        yield f"{count(len(missing), 'link')} {'is' if len(missing) == 1 else 'are'} missing: {names}."
    if state.fetching.waits_for_login:
        yield "The login was refused, or perhaps was. The next fetch waits: each refusal slows XPU Manager."
    if failing := [output.file for output in state.keeping.outputs if output.fault]:
        yield f"{count(len(failing), 'output')} cannot be set right: {listed(failing, _MOST_NAMED)}."
    yield from (f"Odd: {oddity}." for oddity in state.fetching.oddities)
