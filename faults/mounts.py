"""Mounts that nobody else sees: this process has a mount namespace of its own, and takes them along."""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of linux/sched.h and sys/mount.h, the same on all architectures.
_NEW_MOUNTS: Final = 0x0002_0000
_NEW_USER: Final = 0x1000_0000
_READ_ONLY: Final = 1
_REMOUNT: Final = 32
_BIND: Final = 4096
_RECURSIVE: Final = 1 << 14
_PRIVATE: Final = 1 << 18
_DETACH: Final = 2

_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def go_private() -> None:
    """Have a mount namespace from now on; who is not root becomes root of a user namespace for it.

    Only for a process without threads. Where the system refuses, the faults that mount say so.
    """
    user, group = os.geteuid(), os.getegid()
    if _LIBC.unshare(_NEW_MOUNTS | (_NEW_USER if user else 0)) < 0:
        return
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    _mount("none", Path("/"), "", _RECURSIVE | _PRIVATE)


@contextmanager
def mounted(kind: str, place: Path, options: str = "") -> Iterator[None]:
    """Mount a file system of its own while the block lasts."""
    _mount("none", place, kind, 0, options)
    with _unmounting(place):
        yield


@contextmanager
def bound(what: Path, place: Path, *, read_only: bool = False) -> Iterator[None]:
    """Have what is at one place at another one, too, while the block lasts."""
    _mount(str(what), place, "", _BIND)
    with _unmounting(place):
        if read_only:
            _mount("none", place, "", _REMOUNT | _BIND | _READ_ONLY)
        yield


@contextmanager
def _unmounting(place: Path) -> Iterator[None]:
    try:
        yield
    finally:
        _check(_LIBC.umount2(os.fsencode(place), _DETACH), f"umount {place}")


def _mount(source: str, place: Path, kind: str, flags: int, options: str = "") -> None:
    arguments = (os.fsencode(source), os.fsencode(place), kind.encode())
    result = _LIBC.mount(*arguments, ctypes.c_ulong(flags), options.encode())
    _check(result, f"mount {kind or source} on {place}")


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
