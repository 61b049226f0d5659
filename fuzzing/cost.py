"""What one input may cost: more is a fault as any other."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_SECONDS: Final = 1.0  # of CPU time: what else the machine does must not count
_MOST_MIB: Final = 100


class TooExpensiveError(Exception):
    """One input took more time or memory than any may."""


def bounded(check: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Give a check that also raises TooExpensiveError."""

    def bounded_check(data: bytes) -> None:
        began, before = time.process_time(), _peak_mib()
        check(data)
        seconds, mib = time.process_time() - began, _peak_mib() - before
        if seconds > _MOST_SECONDS or mib > _MOST_MIB:
            raise TooExpensiveError(f"{len(data)} bytes took {seconds:.1f} s and {mib:.0f} MiB")

    return bounded_check


def _peak_mib() -> float:
    """Not getrusage's: that begins with what the process had been before exec, which was its parent."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
