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


def read_small_file(path: Path) -> bytes:
    """Read a regular file of at most MAX_SIZE bytes.

    Raises:
        OSError: it cannot be read.
        UnfitFileError: it is something else, or larger.

    """
    with open(path, "rb", opener=_open_at_once) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            kind = "a FIFO" if stat.S_ISFIFO(mode) else "a device"
            raise UnfitFileError(f"is {kind}; name a regular file")
        data = file.read(MAX_SIZE + 1)
    if len(data) > MAX_SIZE:
        raise UnfitFileError(f"is larger than {MAX_SIZE} bytes; name a small text file")
    return data


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting: for a FIFO's writer, that would be for ever."""
    return os.open(path, flags | os.O_NONBLOCK)
