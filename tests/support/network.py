"""A network that nobody else is in."""

from __future__ import annotations

import ctypes
import os
import subprocess
from typing import Final

_NEW_NETWORK: Final = 0x4000_0000  # CLONE_NEWNET of linux/sched.h


def leave_for_own_network() -> None:
    """Have a network namespace with a loopback from now on; takes root and a process without threads."""
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True, timeout=10)  # noqa: S607  wherever Debian has it
