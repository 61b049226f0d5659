"""A worker that runs an event loop, and its word."""

from __future__ import annotations

import asyncio
import threading
from multiprocessing import Pipe

from support.daemon import PATIENCE

from xelinkd.workers.lifeline import ALIVE, OUTDATED, PROGRESS, Lifeline


def test_word_is_kept_until_the_pipe_closes() -> None:
    """It says that it works, says when it is outdated, and ends when the supervisor lets go of it."""
    ours, theirs = Pipe()
    is_outdated = threading.Event()
    lifeline = Lifeline(theirs, 0.01, is_outdated.is_set)
    worker = threading.Thread(target=lambda: asyncio.run(lifeline.until_released()))
    worker.start()
    assert [ours.recv_bytes() for _ in range(3)] == [PROGRESS] * 3
    is_outdated.set()
    assert OUTDATED in {ours.recv_bytes() for _ in range(3)}
    ours.close()
    worker.join(PATIENCE)
    assert not worker.is_alive()
    theirs.close()


def test_word_that_can_wait_is_said_before_a_silence_that_is_too_long() -> None:
    """The supervisor sleeps on while a worker has just spoken, and is woken before it would be silent."""
    ours, theirs = Pipe()
    lifeline = Lifeline(theirs, 1000.0, lambda: False)
    lifeline.beat(ALIVE, silence=1.0)
    assert not ours.poll()
    lifeline.beat(ALIVE, silence=1000.0)
    assert ours.recv_bytes() == ALIVE
    ours.close()
    theirs.close()
