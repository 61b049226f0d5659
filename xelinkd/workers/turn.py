"""The writer's turn: one xelinkd at a time keeps a feature file."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xelinkd import clocks, logs
from xelinkd.config.sinks import FeatureFile
from xelinkd.model.episodes import Began, Episode, follow
from xelinkd.model.observation import MAX_MESSAGE_SIZE
from xelinkd.sinks.lock import GRACE, RETRY, FeatureFileLock
from xelinkd.telling import tell
from xelinkd.workers.lifeline import LOCKED

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from xelinkd.config.sinks import SinkSettings
    from xelinkd.workers.lifeline import Lifeline

LATER_RETRY: Final = 1.0  # seconds; once it is told, nobody is waiting for it

log = logs.logger()


def lock_of(target: SinkSettings, owner: bytes | None = None) -> FeatureFileLock | None:
    """Give the lock for a sink; None for one that needs none (ADR 19 tells why an object does not)."""
    return FeatureFileLock(target.path, owner) if isinstance(target, FeatureFile) else None


def has_turn(lock: FeatureFileLock | None) -> bool:
    """Have the lock if it can be had, or none is needed; False if another xelinkd has it."""
    if lock is None:
        return True
    with suppress(OSError):  # what is wrong with the folder shows when the file is written, and is told then
        return lock.take()
    return True


def get_turn(lock: FeatureFileLock | None, *, within: float) -> bool:
    """Have the lock within so many seconds, or tell that another xelinkd has it."""
    if lock is None:
        return True
    deadline = time.monotonic() + within
    while not has_turn(lock):
        if time.monotonic() >= deadline:
            log.warning("feature_file_locked", file=lock.feature_file)
            return False
        time.sleep(RETRY)
    return True


def wait_for_turn(
    lock: FeatureFileLock, lifeline: Lifeline, observations: Connection, on_wait: Callable[[], None]
) -> None:
    """Wait until no other xelinkd keeps the file; what is observed meanwhile is out of date by then.

    `on_wait` is called if that takes longer than a predecessor takes to die.

    Raises:
        Released: the supervisor ends the wait.

    """
    began = clocks.now().boot
    told: Episode | None = None
    while True:
        locked = not has_turn(lock)
        now = clocks.now().boot
        told, news = follow(told, "locked" if locked and now >= began + GRACE else None, now)
        tell(log, news, fault="feature_file_locked", over="feature_file_unlocked", file=lock.feature_file)
        if isinstance(news, Began):
            on_wait()
            lifeline.say(LOCKED)
        if not locked:
            return
        if lifeline.wait([observations], time.monotonic() + (LATER_RETRY if told else RETRY)):
            lifeline.receive(observations, MAX_MESSAGE_SIZE)
