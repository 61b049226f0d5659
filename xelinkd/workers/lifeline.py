"""A worker's end of its control pipe: it tells the supervisor that it lives, and learns when it shall end.

What a worker may say is one of the words below; the supervisor says nothing, it closes the pipe.
"""

from __future__ import annotations

import math
import select
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xelinkd.deferred import defer

defer("asyncio")  # the status process alone needs it

import asyncio  # noqa: E402  after the above

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

ALIVE: Final = b"alive"  # nothing else to say for a while
PROGRESS: Final = b"progress"  # the writer: an observation has reached it; the status process: it answers
SETTLED: Final = b"settled"  # the writer: nothing of ours is left where the feature file was before
LOCKED: Final = b"locked"  # the writer: another xelinkd keeps the feature file
CHANGED: Final = b"changed"  # the watcher: a file may have changed
OUTDATED: Final = b"outdated"  # fetcher, writer: what it is confined to has been replaced
WARY: Final = b"wary"  # the fetcher: a login may fail, or has failed; the next one has to wait
ADMITTED: Final = b"admitted"  # the fetcher: the credentials are accepted
SPARED: Final = b"spared"  # the fetcher: the login did not come about after all
MAX_WORD_SIZE: Final = 16  # bytes


def _readable(sources: Sequence[Connection | int], seconds: float) -> list[Connection | int]:
    """Wait for the first that can be read; as multiprocessing's `wait`, which takes thrice as long."""
    polling = select.poll()
    numbers = {source if isinstance(source, int) else source.fileno(): source for source in sources}
    for number in numbers:
        polling.register(number, select.POLLIN)
    return [numbers[number] for number, _ in polling.poll(math.ceil(seconds * 1e3))]


class Released(Exception):  # noqa: N818  not an error: the supervisor closed the pipe, the worker ends
    """The supervisor wants the worker to end, or has itself ended."""


class Lifeline:
    """Keeps the worker's word: says something at least every `period` seconds, while it waits."""

    def __init__(self, control: Connection, period: float, is_outdated: Callable[[], bool]) -> None:
        """Take the worker's end of the pipe; `is_outdated` as `confinement.confine` gives it."""
        self._control = control
        self._period = period
        self._is_outdated = is_outdated
        self._said = time.monotonic()

    def say(self, word: bytes) -> None:
        """Tell the supervisor.

        Raises:
            Released: it does not listen any more.

        """
        try:
            self._control.send_bytes(word)
        except (BrokenPipeError, ConnectionResetError):
            raise Released from None
        self._said = time.monotonic()

    def beat(self, word: bytes, *, silence: float) -> None:
        """Say a word that can wait, unless the worker keeps its word though it is silent for so many seconds.

        Raises:
            Released: the supervisor does not listen any more.

        """
        if time.monotonic() + silence > self._said + self._period:
            self.say(word)

    def wait(self, sources: Sequence[Connection | int], until: float | None) -> list[Connection | int]:
        """Wait until a source can be read or a moment of `time.monotonic` has come (then: an empty list).

        Raises:
            Released: the worker shall end.

        """
        while True:
            ready = _readable((self._control, *sources), self._next_wake(until))
            if self._control in ready:
                raise Released
            now = time.monotonic()
            if now >= self._said + self._period:
                self.say(ALIVE)
            if ready or (until is not None and now >= until):
                return ready

    async def until_released(self) -> None:
        """Keep the worker's word beside other tasks of the event loop, until the worker shall end.

        It asks to be replaced if what the worker is confined to has been replaced.
        """
        control, released = self._control.fileno(), asyncio.Event()
        asyncio.get_running_loop().add_reader(control, released.set)
        with suppress(Released):
            while not released.is_set():
                self.say(OUTDATED if self._is_outdated() else PROGRESS)
                with suppress(TimeoutError):
                    await asyncio.wait_for(released.wait(), self._period)
        asyncio.get_running_loop().remove_reader(control)

    def end_if_outdated(self) -> None:
        """Ask to be replaced, and wait for that, if what the worker is confined to has been replaced.

        Raises:
            Released: the worker shall end.

        """
        if self._is_outdated():
            self.say(OUTDATED)
            self.wait([], None)

    def receive(self, sender: Connection, max_size: int) -> bytes:
        """Take a message that is there.

        Raises:
            Released: the worker shall end.
            OSError: the message is larger than `max_size` bytes.

        """
        try:
            return sender.recv_bytes(max_size)
        except (EOFError, OSError):
            if sender.closed:  # the message was too large
                raise
            self.wait([], None)  # the sender is gone; the supervisor, which knows, ends this half of the pair
            raise

    def _next_wake(self, until: float | None) -> float:
        due = self._said + self._period
        return max(0.0, (due if until is None else min(due, until)) - time.monotonic())
