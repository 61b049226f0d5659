"""The life of a unit, as histories of events."""

from __future__ import annotations

from itertools import product

import pytest

from xelinkd.supervisor.phases import TRANSITIONS, Act, Event, Phase

_ENDED, _ALL, _OVERDUE, _REPLACE, _STOP = Event


def _live(*history: Event, phase: Phase = Phase.RESTING) -> tuple[Phase, list[Act]]:
    """Give where a history ends, and what is done on the way."""
    acts = []
    for event in history:
        phase, act = TRANSITIONS[phase, event]
        acts.append(act)
    return phase, [act for act in acts if act is not Act.NOTHING]


def test_every_event_has_an_answer_in_every_phase() -> None:
    """Nothing that happens to a unit is unforeseen."""
    assert set(TRANSITIONS) == set(product(Phase, Event))


@pytest.mark.parametrize("event", Event)
def test_gone_is_the_end(event: Event) -> None:
    """A unit that has ended never comes back."""
    assert TRANSITIONS[Phase.GONE, event] == (Phase.GONE, Act.NOTHING)


_HISTORIES = {
    "starts": ([_OVERDUE], Phase.RUNNING, [Act.START]),
    "one of the pair dies": (
        [_OVERDUE, _ENDED, _ALL, _OVERDUE],
        Phase.RUNNING,
        [Act.START, Act.KILL, Act.REST, Act.START],
    ),
    "both die at once": ([_OVERDUE, _ALL, _OVERDUE], Phase.RUNNING, [Act.START, Act.REST, Act.START]),
    "one hangs": (
        [_OVERDUE, _OVERDUE, _ENDED, _ALL, _OVERDUE],
        Phase.RUNNING,
        [Act.START, Act.KILL, Act.REST, Act.START],
    ),
    "one cannot be killed for a while": (
        [_OVERDUE, _ENDED, _OVERDUE, _OVERDUE, _ALL],
        Phase.RESTING,
        [Act.START, Act.KILL, Act.KILL, Act.KILL, Act.REST],
    ),
    "replaced": (
        [_OVERDUE, _REPLACE, _ENDED, _ALL],
        Phase.RUNNING,
        [Act.START, Act.RELEASE, Act.START],
    ),
    "replaced twice": (
        [_OVERDUE, _REPLACE, _REPLACE, _ALL],
        Phase.RUNNING,
        [Act.START, Act.RELEASE, Act.START],
    ),
    "replaced, and does not want to end": (
        [_OVERDUE, _REPLACE, _OVERDUE, _ALL],
        Phase.RUNNING,
        [Act.START, Act.RELEASE, Act.KILL, Act.START],
    ),
    "replaced while it is cleared away": (
        [_OVERDUE, _ENDED, _REPLACE, _ALL],
        Phase.RUNNING,
        [Act.START, Act.KILL, Act.START],
    ),
    "replaced while it rests": (
        [_OVERDUE, _ALL, _REPLACE],
        Phase.RUNNING,
        [Act.START, Act.REST, Act.START],
    ),
    "stopped before it started": ([_STOP], Phase.GONE, []),
    "stopped": ([_OVERDUE, _STOP, _ENDED, _ALL], Phase.GONE, [Act.START, Act.RELEASE]),
    "stopped, and does not want to end": (
        [_OVERDUE, _STOP, _OVERDUE, _ALL],
        Phase.GONE,
        [Act.START, Act.RELEASE, Act.KILL],
    ),
    "stopped twice, and replaced": (
        [_OVERDUE, _STOP, _STOP, _REPLACE, _ALL],
        Phase.GONE,
        [Act.START, Act.RELEASE],
    ),
    "stopped while it is cleared away": ([_OVERDUE, _ENDED, _STOP, _ALL], Phase.GONE, [Act.START, Act.KILL]),
    "stopped while it is replaced": ([_OVERDUE, _REPLACE, _STOP, _ALL], Phase.GONE, [Act.START, Act.RELEASE]),
    "stopped while it rests": ([_OVERDUE, _ALL, _STOP], Phase.GONE, [Act.START, Act.REST]),
}


@pytest.mark.parametrize(("history", "phase", "acts"), _HISTORIES.values(), ids=_HISTORIES)
def test_history(history: list[Event], phase: Phase, acts: list[Act]) -> None:
    """Whatever befalls its processes, a unit runs again soon, or is gone if it was told to stop."""
    assert _live(*history) == (phase, acts)


_LIVE_PHASES = (Phase.RUNNING, Phase.CLEARING, Phase.REPLACING, Phase.LEAVING)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("waits", [*product([_ENDED, _OVERDUE, _REPLACE, _STOP], repeat=2)])
def test_a_stopped_unit_always_ends(phase: Phase, waits: tuple[Event, ...]) -> None:
    """From wherever it was, and whatever happens meanwhile, a stop is never lost and starts nothing."""
    end, acts = _live(_STOP, *waits, _ALL, phase=phase)
    assert end is Phase.GONE
    assert Act.START not in acts


@pytest.mark.parametrize("phase", _LIVE_PHASES)
def test_processes_that_overstay_are_killed(phase: Phase) -> None:
    """Wherever something lives, it can be got rid of: no phase waits for ever."""
    assert TRANSITIONS[phase, _OVERDUE][1] is Act.KILL


@pytest.mark.parametrize(("phase", "event"), TRANSITIONS)
def test_nothing_starts_beside_what_still_lives(phase: Phase, event: Event) -> None:
    """Two fetchers, or two writers, never run at once."""
    if TRANSITIONS[phase, event][1] is Act.START:
        assert phase not in _LIVE_PHASES or event is _ALL
