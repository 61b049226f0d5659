"""What a process does right after it was forked, and how it ended."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from contextlib import suppress
from typing import Final

CRASHED: Final = 70  # exit status of a process that ended by an exception; EX_SOFTWARE of sysexits.h
ORPHANED: Final = 71

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15


def stand_alone(name: str, keep: set[int], parent: int) -> None:
    """Die with the parent, even when stopped, keep these descriptors alone, and be called `xelinkd:NAME`."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above
        os._exit(ORPHANED)
    _close_all_but(keep)
    _LIBC.prctl(_PR_SET_NAME, f"xelinkd:{name}".encode()[:15], 0, 0, 0)


def _close_all_but(keep: set[int]) -> None:
    first = 0
    for last in [*sorted(keep), _highest() + 1]:
        if first < last:  # an empty range at 0 would close everything
            os.closerange(first, last)
        first = last + 1


def _highest() -> int:
    """Give the highest descriptor; some may be above the limit, which can be lowered while they are open."""
    try:
        return max(map(int, os.listdir("/proc/self/fd")))  # noqa: PTH208  pathlib takes 1 ms for it, in each fork
    except OSError:  # no /proc
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        return hard


def kill(pidfd: int) -> None:
    """End a process now; a stopped one too, and one that has ended is fine."""
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def reap(pid: int, pidfd: int) -> str:
    """Take note of a child's end, once its pidfd can be read, and close that; give the cause in words."""
    _, status = os.waitpid(pid, 0)
    os.close(pidfd)
    return cause_of_end(os.waitstatus_to_exitcode(status))


def cause_of_end(status: int) -> str:
    """Put an exit code of `os.waitstatus_to_exitcode` into words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
