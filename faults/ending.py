"""How these programs end when they are told to: what they started ends with them."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


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
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not keep us from ending the daemon
    raise _ToldToEnd
