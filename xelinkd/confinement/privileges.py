"""Privileges that a process gives up: new ones, capabilities, the showing of its memory."""

from __future__ import annotations

import ctypes
import os
import resource
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
_CAPABILITY_VERSION_3: Final = 0x20080522
_NO_CORE_EVEN_PIPED: Final = 1  # byte; core(5): a limit of 0 does not hold for a core_pattern with a pipe


# Those that some worker keeps where it has them (linux/capability.h), as bits.
NO_CAPABILITY: Final = 0
DAC_OVERRIDE: Final = 1 << 1  # write into a folder of another user
DAC_READ_SEARCH: Final = 1 << 2  # read files of another user
NET_BIND_SERVICE: Final = 1 << 10  # listen on a port below FIRST_FREE_PORT

FIRST_FREE_PORT: Final = 1024  # unless the kernel's ip_unprivileged_port_start says otherwise


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def forgo_new_privileges() -> None:
    """Gain none by executing a program, whatever its mode; children inherit this."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def keep_capabilities(kept: int) -> None:
    """Drop all capabilities but these; who has none makes no call for it, which a filter might refuse."""
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = _Header(_CAPABILITY_VERSION_3, 0)
    data = (_Data * 2)()
    _check(_LIBC.capget(ctypes.byref(header), data), "capget")
    if not any(bytes(data)):
        return
    low = data[0].permitted & kept
    data[0] = _Data(low, low, 0)
    data[1] = _Data(0, 0, 0)
    _check(_LIBC.capset(ctypes.byref(header), data), "capset")


def hide_memory() -> None:
    """Leave no core dump, and let no other process of the same user look in."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    limit = _NO_CORE_EVEN_PIPED if most == resource.RLIM_INFINITY else min(most, _NO_CORE_EVEN_PIPED)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
    _prctl(_PR_SET_DUMPABLE, 0)


def _prctl(option: int, value: int) -> None:
    unused = ctypes.c_ulong(0)
    _check(_LIBC.prctl(option, ctypes.c_ulong(value), unused, unused, unused), "prctl")


def _check(result: int, name: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
