"""Asks in a short-lived process: what happens there takes nothing with it, and it leaves nothing behind."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from xelinkd.forks import CRASHED, cause_of_end, kill, reap, stand_alone
from xelinkd.model.fabric import MAX_SIZE
from xelinkd.model.unknown import Reason
from xelinkd.net.failure import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable

NAME: Final = "reader"
_KILLED_WITHIN: Final = 1.0  # seconds; longer takes only what the kernel itself holds
_PART_SIZE: Final = 65_536  # bytes
_STANDARD_STREAMS: Final = 3


class _Child(NamedTuple):
    pid: int
    pidfd: int
    answer: int


class Asking:
    """Asks one process at a time."""

    def __init__(self) -> None:
        """Have asked nothing yet."""
        self._stuck: _Child | None = None

    def ask(self, answer: Callable[[], bytes], seconds: float) -> bytes:
        """Have a function called in a process of its own, and give its bytes.

        To be called by a process without threads, but for names that are looked up (ADR 18). The process dies
        with the caller.

        Raises:
            FetchError: it was not done in time, sent too much, or ended in another way than by an answer.

        """
        if self._stuck and not self._ended(self._stuck, 0):
            detail = f"process {self._stuck.pid} cannot be killed: the driver holds it in the kernel"
            raise FetchError(Reason.TIMEOUT, f"{detail}; see the kernel's log")
        until = time.monotonic() + seconds
        try:
            child = _fork(answer)
        except OSError as error:
            detail = f"no process to ask Level Zero could be started: {error}"
            raise FetchError(Reason.DRIVER_CRASHED, detail) from error
        try:
            message = _received(child, until)
            if not wait([child.pidfd], _left(until)):
                raise _too_late(seconds)
        except TimeoutError:
            raise _too_late(seconds) from None
        finally:
            cause = self._end(child)
        if cause:
            raise FetchError(Reason.DRIVER_CRASHED, f"the process that asked Level Zero ended: {cause}")
        return message

    def _end(self, child: _Child) -> str:
        """Kill what has not ended; give the cause of its end, if that was not its own will."""
        kill(child.pidfd)
        os.close(child.answer)
        cause = self._ended(child, _KILLED_WITHIN)
        self._stuck = None if cause else child
        return "" if cause == cause_of_end(0) else cause

    def _ended(self, child: _Child, within: float) -> str:
        """Reap it, if it ends in time; give the cause of its end, or nothing."""
        if not wait([child.pidfd], within):
            return ""
        self._stuck = None
        return reap(child.pid, child.pidfd)


def _too_late(seconds: float) -> FetchError:
    return FetchError(
        Reason.TIMEOUT, f"Level Zero did not answer within {seconds:g} s: does the driver hang?"
    )


def _left(until: float) -> float:
    return max(0.0, until - time.monotonic())


def _received(child: _Child, until: float) -> bytes:
    received = bytearray()
    while wait([child.answer], _left(until)):
        part = os.read(child.answer, _PART_SIZE)
        if not part:
            return bytes(received)
        received += part
        if len(received) > MAX_SIZE:
            raise FetchError(Reason.TOO_LARGE, f"the reading takes more than {MAX_SIZE} bytes: is it real?")
    raise TimeoutError


def _fork(answer: Callable[[], bytes]) -> _Child:
    receiving, sending = os.pipe()
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError:
        os.close(receiving)
        os.close(sending)
        raise
    if pid == 0:
        _live(answer, sending, parent)
    os.close(sending)
    return _Child(pid, os.pidfd_open(pid), receiving)


def _live(answer: Callable[[], bytes], sending: int, parent: int) -> NoReturn:
    """Be the process that asks. Never returns: the frames below belong to its parent."""
    status = CRASHED
    try:
        stand_alone(NAME, {0, 1, 2, sending}, parent)
        _silence()
        _send(sending, answer())
        status = 0
    finally:
        os._exit(status)


def _silence() -> None:
    """Let nobody see what a driver prints: our standard output may be a document, standard error a log."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(_STANDARD_STREAMS):
        os.dup2(nowhere, stream)


def _send(sending: int, message: bytes) -> None:
    left = memoryview(message)
    while left:
        left = left[os.write(sending, left) :]
