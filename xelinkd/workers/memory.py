"""What a writer knows and cannot read off the disk, kept where its successor finds it.

The labels held may be nowhere else: their file may be gone when a writer is replaced. And their end is a
moment of boot time; the stamp in the file is wall time, and tells another one once the clock was set.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass
from typing import Final

import msgspec

from xelinkd.model.episodes import Episode  # noqa: TC001  msgspec reads the annotation
from xelinkd.model.lease import Held  # noqa: TC001  as above
from xelinkd.sinks.lock import new_owner

_HEAD: Final = struct.Struct("!II")  # size and checksum: a writer may be killed while it writes


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The labels held, and the fault that was told and is not over."""

    held: Held | None = None
    fault: Episode | None = None


NOTHING: Final = Knowledge()

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Knowledge)


class Memory:
    """A file in memory (memfd_create(2)): made by the supervisor, written by one writer after the other."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._descriptor = os.memfd_create("xelinkd-writer")
        self._kept = b""
        self.owner: Final = new_owner()  # under this name all its writers lock the feature file

    def fileno(self) -> int:
        """Give the descriptor that a writer inherits."""
        return self._descriptor

    def keep(self, knowledge: Knowledge) -> None:
        """Replace what is known."""
        content = _ENCODER.encode(knowledge)
        if content != self._kept:
            os.pwrite(self._descriptor, _HEAD.pack(len(content), zlib.crc32(content)) + content, 0)
            self._kept = content

    def recall(self) -> Knowledge:
        """Give what was kept last; nothing if that was cut short."""
        head = os.pread(self._descriptor, _HEAD.size, 0)
        if len(head) < _HEAD.size:
            return NOTHING
        size, checksum = _HEAD.unpack(head)
        content = os.pread(self._descriptor, size, _HEAD.size)
        return _DECODER.decode(content) if zlib.crc32(content) == checksum else NOTHING
