"""How these programs end when they are told to: in order, but not for longer than that may take.

What they started ends with them in any case: see `faults.rig`.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


_PATIENCE: Final = 60  # seconds; a thread that nobody stops any more must not hold us up


class _ToldToEnd(KeyboardInterrupt):
    """SIGTERM came."""


def until_told(main: Callable[[], int]) -> int:
    """Run to the end, or until ^C or SIGTERM; give the exit status, as a shell would of the signal."""
    signal.signal(signal.SIGTERM, _end)
    try:
        return main()
    except _ToldToEnd:
        return 128 + signal.SIGTERM
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not disturb that
    signal.alarm(_PATIENCE)
    raise _ToldToEnd
