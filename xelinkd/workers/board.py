"""Boards: one process shows a value, others look at it, and nobody waits for anybody."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import struct
import zlib
from typing import Final, Generic, TypeVar

import msgspec

from xelinkd.model.undecodable import UNDECODABLE

_HEAD: Final = struct.Struct("!II")  # size and checksum: who shows may be killed while it writes
_SEALS: Final = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
_LOOKS: Final = 3  # a look may meet a value that is being written

LARGEST: Final = 8 * 1024 * 1024  # bytes; for a value
LEAST_LIMIT: Final = _HEAD.size + LARGEST

T = TypeVar("T")


class LimitError(Exception):
    """The system lets files, those in memory too, be no larger than a board; the text is one sentence."""


class Board(Generic[T]):
    """A value in a file in memory (memfd_create(2)): made by the supervisor, inherited by those who need it.

    Its size is fixed, so that a process that is taken over cannot fill the memory through it. What is read is
    checked against the type.
    """

    def __init__(self, name: str, kind: object, nothing: T, *, size: int) -> None:
        """Show nothing yet. `size`: the most bytes that a value may take; those never used cost nothing.

        Raises:
            LimitError: the limit of a file's size is below that.

        """
        self._descriptor = os.memfd_create(f"xelinkd-{name}", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        _set_size(self._descriptor, _HEAD.size + size)
        fcntl.fcntl(self._descriptor, fcntl.F_ADD_SEALS, _SEALS)
        self._size = size
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(kind)
        self._shown = b""
        self._seen = nothing

    def fileno(self) -> int:
        """Give the descriptor, for a worker to inherit."""
        return self._descriptor

    def show(self, value: T) -> None:
        """Replace what is shown.

        Raises:
            ValueError: the value takes more than the board's size.

        """
        content = self._encoder.encode(value)
        if len(content) > self._size:
            raise ValueError(f"{len(content)} bytes for a board of {self._size}")
        if content != self._shown:
            whole = _HEAD.pack(len(content), zlib.crc32(content)) + content
            try:
                self._shown = content if os.pwrite(self._descriptor, whole, 0) == len(whole) else b""
            except OSError as error:
                if error.errno != errno.EFBIG:  # a limit that was set since then, of which nobody has to die
                    raise

    def look(self) -> T:
        """Give what is shown; if that is cut short, what this process saw last, or nothing."""
        for _ in range(_LOOKS):
            size, checksum = _HEAD.unpack(os.pread(self._descriptor, _HEAD.size, 0))
            content = os.pread(self._descriptor, min(size, self._size), _HEAD.size)
            if size and zlib.crc32(content) == checksum:
                self._take(content)
                break
        return self._seen

    def _take(self, content: bytes) -> None:
        try:
            self._seen = self._decoder.decode(content)
        except UNDECODABLE:  # by one that is taken over
            return


def _set_size(descriptor: int, size: int) -> None:
    try:
        os.ftruncate(descriptor, size)
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        raise LimitError(
            f"the limit of a file's size (ulimit -f, LimitFSIZE=) is {limit} bytes; it has to be"
            f" {LEAST_LIMIT} at least, for what the processes tell each other"
        ) from None
