"""Reads files that people write by hand, whatever may be at their place."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MAX_SIZE: Final = 1 << 20  # bytes


class UnfitFileError(Exception):
    """The file is there, but not one we read whole; the text says what it is and what to do."""


class SecretError(Exception):
    """The file of a secret cannot be read, or holds none; the text names it and says why."""


def read_secret(path: Path) -> bytes:
    """Read a password or a token: the first line of a file.

    Raises:
        SecretError: there is none to be had.

    """
    try:
        secret = read_small_file(path).partition(b"\n")[0].rstrip(b"\r")
    except OSError as error:
        raise SecretError(f"{path}: {error.strerror}") from error
    except UnfitFileError as error:
        raise SecretError(f"{path}: {error}") from error
    if not secret:
        raise SecretError(f"{path}: its first line is empty")
    return secret


def read_small_file(path: Path, most: int = MAX_SIZE) -> bytes:
    """Read a regular file of at most so many bytes.

    Raises:
        OSError: it cannot be read.
        UnfitFileError: it is something else, or larger.

    """
    with open(path, "rb", opener=_open_at_once) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            kind = "a FIFO" if stat.S_ISFIFO(mode) else "a device"
            raise UnfitFileError(f"is {kind}; name a regular file")
        data = file.read(most + 1)
    if len(data) > most:
        raise UnfitFileError(f"is larger than {most} bytes; shorten it, or name another file")
    return data


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting: for a FIFO's writer, that would be for ever."""
    return os.open(path, flags | os.O_NONBLOCK)
