"""What the service manager is told, as histories of situations."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from xelinkd.supervisor.announcements import GRACE, Situation, Told, announce, due

NEVER = float("inf")
SETTLED = Situation(
    now=100.0, asked_at=None, is_settled=True, is_stopping=False, is_alive=True, words="6 links"
)
STARTING = replace(SETTLED, is_settled=False, words="no observation yet")
STATUS = "STATUS=6 links"


def live(*history: Situation, patience: float = NEVER) -> list[tuple[str, ...]]:
    """Give what is told in each situation of a history that begins at 100 s."""
    told, heard = Told(since=100.0), []
    for situation in history:
        messages, told = announce(told, situation, patience)
        heard.append(messages)
    return heard


def at(now: float, situation: Situation = SETTLED) -> Situation:
    """Give the same situation at another time."""
    return replace(situation, now=now)


def test_ready_with_the_first_outcome() -> None:
    """A start is over once there is an outcome, and that is told once."""
    heard = live(at(100, STARTING), at(105, STARTING), at(110), at(120))
    assert heard == [("STATUS=no observation yet",), (), (STATUS, "READY=1"), ()]


def test_ready_without_an_outcome_after_the_grace() -> None:
    """A configured delay of hours, or a source that hangs, does not make the start fail."""
    words = "STATUS=no observation yet"
    assert live(at(100, STARTING), at(100 + GRACE, STARTING)) == [(words,), ("READY=1",)]


def test_reload_that_is_in_force_later() -> None:
    """A reload is over when what was configured is in force, and its beginning is when it was asked for."""
    asked = replace(SETTLED, asked_at=200.5)
    heard = live(at(110), at(201, replace(asked, is_settled=False)), at(202, asked), at(203, asked))
    assert heard == [(STATUS, "READY=1"), ("RELOADING=1\nMONOTONIC_USEC=200500000",), ("READY=1",), ()]


def test_reload_that_is_done_at_once() -> None:
    """A configuration that is refused, or the same, is answered all the same."""
    heard = live(at(110), at(201, replace(SETTLED, asked_at=200.0)))
    assert heard[1] == ("RELOADING=1\nMONOTONIC_USEC=200000000", "READY=1")


def test_reload_that_brings_no_outcome() -> None:
    """A reload ends after the grace, whatever the source does."""
    asked = replace(SETTLED, asked_at=200.0, is_settled=False)
    heard = live(at(110), at(200, asked), at(200 + GRACE - 1, asked), at(200 + GRACE, asked))
    assert heard[2:] == [(), ("READY=1",)]


def test_reload_asked_for_again() -> None:
    """Each wish for another configuration is answered: the manager waits for the answer to its own."""
    first, second = (replace(SETTLED, asked_at=asked_at, is_settled=False) for asked_at in (200.0, 201.0))
    heard = live(at(110), at(200, first), at(201, second), at(202, replace(second, is_settled=True)))
    assert heard[1:] == [
        ("RELOADING=1\nMONOTONIC_USEC=200000000",),
        ("RELOADING=1\nMONOTONIC_USEC=201000000",),
        ("READY=1",),
    ]


def test_reload_asked_for_while_it_starts() -> None:
    """A start is no reload, however often the file changes in it."""
    once, twice = (replace(STARTING, asked_at=asked_at) for asked_at in (101.0, 102.0))
    heard = live(at(101, once), at(102, twice), at(110, replace(SETTLED, asked_at=102.0)))
    assert heard[1:] == [(), (STATUS, "READY=1")]


@pytest.mark.parametrize("before", [STARTING, SETTLED, replace(SETTLED, asked_at=150.0, is_settled=False)])
def test_stopping_is_the_last_state(before: Situation) -> None:
    """A stop is told at once and once, whatever was going on, and nothing contradicts it later."""
    stopping = replace(before, is_stopping=True)
    later = replace(stopping, asked_at=250.0, is_settled=True)
    heard = live(at(110), at(150, before), at(200, stopping), at(300, later), at(400, later))
    states = [message for messages in heard[2:] for message in messages if not message.startswith("STATUS")]
    assert states == ["STOPPING=1"]


def test_words_only_when_they_change() -> None:
    """A daemon at rest does not bother the manager."""
    other = replace(SETTLED, words="5 links")
    assert live(at(110), at(120), at(130, other), at(140, other))[1:] == [(), ("STATUS=5 links",), ()]


def test_signs_of_life_are_coalesced() -> None:
    """Awake every second, it gives a sign of life four times within the manager's patience."""
    heard = live(*(at(110.0 + second) for second in range(120)), patience=60.0)
    fed = [110 + n for n, messages in enumerate(heard) if "WATCHDOG=1" in messages]
    assert fed == [110, 125, 140, 155, 170, 185, 200, 215]


def test_no_sign_of_life_while_the_pipeline_stands_still() -> None:
    """A daemon that turns and does nothing is not alive; one that does something again is."""
    dead = replace(SETTLED, is_alive=False)
    heard = live(at(110), at(150, dead), at(200, dead), at(210), patience=60.0)
    assert ["WATCHDOG=1" in messages for messages in heard] == [True, False, False, True]


def test_nobody_who_does_not_look_is_given_signs_of_life() -> None:
    """Without WatchdogSec= there are none."""
    assert live(at(110), at(1e6)) == [(STATUS, "READY=1"), ()]


def test_it_wakes_for_the_grace_and_for_signs_of_life() -> None:
    """Though nothing else happens, it is awake in time for both, and never at once again."""
    started = Told(since=100.0)
    assert due(started, 100.0, NEVER) == 100.0 + GRACE
    assert due(replace(started, is_ready=True, fed_at=110.0), 110.0, 60.0) == 140.0
    assert due(replace(started, is_ready=True, fed_at=110.0), 150.0, 60.0) == 165.0  # not fed: not alive
    assert due(replace(started, is_ready=True), 110.0, NEVER) == NEVER
    assert due(replace(started, is_stopping=True), 110.0, NEVER) == NEVER
