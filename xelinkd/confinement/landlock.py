"""Landlock: a process gives up, for good, what it will not need. A thin layer over the three system calls.

Rights and their ABIs are those of Linux 6.12 (`linux/landlock.h`, and the kernel's userspace guide). What the
running kernel does not know is left out: the best available is used.
"""

from __future__ import annotations

import ctypes
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NEWEST_ABI: Final = 6  # that this module knows; later ones have all of it

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
# The same on all architectures.
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_NET_PORT: Final = 2


# What may be done with files (LANDLOCK_ACCESS_FS_*). Plain numbers, not an IntFlag: its code would cost
# each worker some dozen pages of its own.
EXECUTE: Final = 1 << 0
WRITE_FILE: Final = 1 << 1
READ_FILE: Final = 1 << 2
READ_DIR: Final = 1 << 3
_MAKE_OR_REMOVE: Final = 0b1_1111_1111 << 4  # REMOVE_DIR to MAKE_SYM: entries of every kind
_REFER: Final = 1 << 13  # rename from folder to folder, which ABI 1 always refuses
TRUNCATE: Final = 1 << 14
IOCTL_DEV: Final = 1 << 15

READ: Final = READ_FILE | READ_DIR
WRITE: Final = WRITE_FILE | _MAKE_OR_REMOVE | _REFER | TRUNCATE
_FOR_A_FILE: Final = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

_OF_ABI_1: Final = EXECUTE | WRITE_FILE | READ | _MAKE_OR_REMOVE
_SINCE: Final = {2: _REFER, 3: TRUNCATE, 5: IOCTL_DEV}
_KNOWN: Final = tuple(
    _OF_ABI_1 | sum(right for since, right in _SINCE.items() if abi >= since) for abi in range(NEWEST_ABI + 1)
)

_TCP_BIND: Final = 1 << 0
_TCP_CONNECT: Final = 1 << 1
_TCP_SINCE: Final = 4
_SCOPE_ABSTRACT_SOCKETS: Final = 1 << 0
_SCOPE_SIGNALS: Final = 1 << 1
_SCOPES_SINCE: Final = 6


class _RulesetAttr(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _NetPort(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def available_abi() -> int:
    """Give the running kernel's ABI, at most the newest that we know; 0 where there is no Landlock.

    ENOSYS: not built in. EOPNOTSUPP: not enabled at boot. EPERM, or whatever it chooses: a seccomp filter.
    """
    abi = int(_LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)))
    return max(0, min(abi, NEWEST_ABI))


def restrict(
    abi: int,
    refused: int,
    allowed: Iterable[tuple[Path, int]],
    connect_to: Iterable[int],
    listen_on: Iterable[int] = (),
) -> None:
    """Refuse this process what is `refused`, save where it is `allowed`, for as long as it lives.

    `allowed` holds for a file, or for all that is in a folder; what is not there is passed over. TCP
    connections go to the ports in `connect_to` and nowhere else, and only the ports in `listen_on` are bound
    (ABI 4); signals and abstract sockets reach only processes that have given up the same (ABI 6). Takes
    no_new_privs, and a process without threads.

    Raises:
        OSError: the kernel refuses; whether there is Landlock at all, `available_abi` tells.

    """
    handled = refused & _KNOWN[abi]
    net = _TCP_BIND | _TCP_CONNECT if abi >= _TCP_SINCE else 0
    scoped = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if abi >= _SCOPES_SINCE else 0
    with _ruleset(abi, _RulesetAttr(handled, net, scoped)) as ruleset:
        for path, rights in allowed:
            _allow_files(ruleset, path, rights & handled)
        for port in connect_to if net else ():
            _add(ruleset, _NET_PORT, _NetPort(_TCP_CONNECT, port))
        for port in listen_on if net else ():
            _add(ruleset, _NET_PORT, _NetPort(_TCP_BIND, port))
        _call(_RESTRICT_SELF, "landlock_restrict_self", ctypes.c_int(ruleset), ctypes.c_uint32(0))


@contextmanager
def _ruleset(abi: int, attr: _RulesetAttr) -> Iterator[int]:
    size = 8 if abi < _TCP_SINCE else 16 if abi < _SCOPES_SINCE else 24
    ruleset = _call(
        _CREATE_RULESET,
        "landlock_create_ruleset",
        ctypes.byref(attr),
        ctypes.c_size_t(size),
        ctypes.c_uint32(0),
    )
    try:
        yield ruleset
    finally:
        os.close(ruleset)


def _allow_files(ruleset: int, path: Path, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there, or out of reach, cannot be used anyway
        return
    try:
        is_folder = stat.S_ISDIR(os.fstat(parent).st_mode)
        _add(ruleset, _PATH_BENEATH, _PathBeneath(rights if is_folder else rights & _FOR_A_FILE, parent))
    finally:
        os.close(parent)


def _add(ruleset: int, kind: int, rule: ctypes.Structure) -> None:
    _call(
        _ADD_RULE,
        "landlock_add_rule",
        ctypes.c_int(ruleset),
        ctypes.c_int(kind),
        ctypes.byref(rule),
        ctypes.c_uint32(0),
    )


def _call(number: int, name: str, *arguments: object) -> int:
    result = int(_LIBC.syscall(number, *arguments))
    if result < 0:
        raise _error(name)
    return result


def _error(name: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{name}: {os.strerror(number)}")
