"""How these programs end when they are told to: in order, but not for longer than that may take.

What they started ends with them in any case: see `faults.rig`.
"""

from __future__ import annotations

import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


_PATIENCE: Final = 25  # seconds; a thread that nobody stops any more must not hold us up


class _ToldToEnd(KeyboardInterrupt):
    """A signal came; the exit status is what a shell would say of it."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__()


def until_told(main: Callable[[], int]) -> int:
    """Run to the end, or until ^C or SIGTERM; give the exit status, as a shell would of the signal."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    try:
        return main()
    except _ToldToEnd as told:
        return told.status


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)  # a second one must not disturb that
    signal.signal(signal.SIGALRM, partial(_leave, 128 + number))
    signal.alarm(_PATIENCE)
    raise _ToldToEnd(128 + number)


def _leave(status: int, _number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(status)
