"""What the service manager is told, and when: the words of sd_notify(3). Pure; time comes from outside."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

GRACE: Final = 30.0  # seconds; then it is ready without an outcome, too: earlier labels are long adopted
_NEVER: Final = float("inf")


class Situation(Struct, frozen=True):
    """How the daemon is.

    `now`, and `asked_at`, when its configuration was last asked to be read again (None: never), are moments
    of time.monotonic. `is_settled`: what is configured is in force, and the first outcome of that is there.
    `is_alive`: it makes progress. `words` tell people how it is.
    """

    now: float
    asked_at: float | None
    is_settled: bool
    is_stopping: bool
    is_alive: bool
    words: str


class Told(Struct, frozen=True):
    """What was told: whether we are ready, and since when we are that or not; the last words; when we fed.

    `has_started`: we were ready before. `asked_at` is the last wish for another configuration that was heard.
    """

    since: float
    is_ready: bool = False
    has_started: bool = False
    is_stopping: bool = False
    asked_at: float | None = None
    words: str = ""
    fed_at: float = 0.0


Step = tuple[tuple[str, ...], Told]


def announce(told: Told, situation: Situation, patience: float) -> Step:
    """Give the messages that are due, in their order, and what is told by then.

    `patience`: after so many seconds without a sign of life the manager ends us (inf: it does not look).
    """
    messages: list[str] = []
    for step in (_stopping, _reloading, _words, _ready):  # whoever waits for READY finds the words there
        message, told = step(told, situation)
        messages += message
    message, told = _feed(told, situation, patience)
    return (*messages, *message), told


def due(told: Told, now: float, patience: float) -> float:
    """Give when there may be something to tell though nothing happens (time.monotonic), after `now`."""
    ready = _NEVER if told.is_ready or told.is_stopping else told.since + GRACE
    feed = told.fed_at + patience / 2
    return min(ready, feed if feed > now else now + patience / 4)


def _stopping(told: Told, situation: Situation) -> Step:
    if told.is_stopping or not situation.is_stopping:
        return (), told
    return ("STOPPING=1",), replace(told, is_stopping=True)


def _reloading(told: Told, situation: Situation) -> Step:
    """Tell when the wish came, not when it is fulfilled: the manager looks for an answer to its own wish."""
    if told.is_stopping or situation.asked_at in {None, told.asked_at}:
        return (), told
    after = replace(told, asked_at=situation.asked_at)
    if not told.has_started:  # it will be ready with what it reads now
        return (), after
    message = f"RELOADING=1\nMONOTONIC_USEC={int((situation.asked_at or 0.0) * 1e6)}"
    return (message,), replace(after, is_ready=False, since=situation.now)


def _ready(told: Told, situation: Situation) -> Step:
    if told.is_ready or told.is_stopping:
        return (), told
    if not situation.is_settled and situation.now < told.since + GRACE:
        return (), told
    return ("READY=1",), replace(told, is_ready=True, has_started=True, since=situation.now)


def _words(told: Told, situation: Situation) -> Step:
    if situation.words == told.words:
        return (), told
    return (f"STATUS={situation.words}",), replace(told, words=situation.words)


def _feed(told: Told, situation: Situation, patience: float) -> Step:
    """Give a sign of life when we are awake anyway, four times within the manager's patience at most."""
    if not situation.is_alive or situation.now < told.fed_at + patience / 4:
        return (), told
    return ("WATCHDOG=1",), replace(told, fed_at=situation.now)
