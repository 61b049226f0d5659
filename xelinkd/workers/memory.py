"""What a writer knows and cannot read off the disk, kept where its successor finds it.

The labels held may be nowhere else: their file may be gone when a writer is replaced. And their end is a
moment of boot time; the stamp in the file is wall time, and tells another one once the clock was set.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from xelinkd.model.episodes import Episode  # noqa: TC001  msgspec reads the annotation
from xelinkd.model.lease import Held  # noqa: TC001  as above
from xelinkd.sinks.lock import new_owner
from xelinkd.workers.board import Board

_SIZE: Final = 1024 * 1024  # bytes; NFD takes 64 KiB of labels


class Knowledge(Struct, frozen=True):
    """The labels held, the fault that was told and is not over, and what the sink wants to be known."""

    held: Held | None = None
    fault: Episode | None = None
    memo: bytes = b""


NOTHING: Final = Knowledge()


class Memory:
    """Made by the supervisor, written by one writer after the other."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._board = Board("memory", Knowledge, NOTHING, size=_SIZE)
        self.owner: Final = new_owner()  # under this name all its writers lock the feature file

    def fileno(self) -> int:
        """Give the descriptor that a writer inherits."""
        return self._board.fileno()

    def keep(self, knowledge: Knowledge) -> None:
        """Replace what is known."""
        self._board.show(knowledge)

    def recall(self) -> Knowledge:
        """Give what was kept last; nothing if that was cut short."""
        return self._board.look()
