"""Signals as something to wait for: handlers only wake, what a signal means is decided in the loop."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

STOP: Final = frozenset({signal.SIGTERM, signal.SIGINT})
RELOAD: Final = frozenset({signal.SIGHUP})
BURY: Final = frozenset({signal.SIGCHLD})


def hold_signals() -> None:
    """Keep signals waiting until `signal_wake_up`: PID 1 of a container would lose those that come first."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP | RELOAD)


@contextmanager
def signal_wake_up() -> Iterator[int]:
    """Give a descriptor that can be read once a signal came; each byte of it is a signal's number.

    PID 1 of a container gets no default actions, so the handlers are needed there too. Afterwards a stop or a
    reload means nothing any more, up to the end of the process: how that ended is its exit status.
    """
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    for number in STOP | RELOAD | BURY:
        signal.signal(number, _do_nothing)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP | RELOAD)
    try:
        yield reading
    finally:
        for number in STOP | RELOAD:
            signal.signal(number, signal.SIG_IGN)
        signal.set_wakeup_fd(-1)
        os.close(reading)
        os.close(writing)


def received(descriptor: int) -> frozenset[int]:
    """Give the signals that came since the last call."""
    try:
        return frozenset(os.read(descriptor, 4096))
    except BlockingIOError:
        return frozenset()


def _do_nothing(_number: int, _frame: object) -> None:
    pass


def names(numbers: frozenset[int]) -> list[str]:
    """Give the names of signals."""
    return [signal.Signals(number).name for number in numbers]
