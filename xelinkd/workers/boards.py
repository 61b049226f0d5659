"""What the daemon's processes tell of themselves: a board for each, made by the supervisor."""

from __future__ import annotations

from typing import Final

from xelinkd import clocks
from xelinkd.model.observation import MAX_MESSAGE_SIZE
from xelinkd.state.history import NO_HISTORY, History
from xelinkd.state.told import Fetching, Keeping, State, Supervision
from xelinkd.workers.board import LARGEST, Board
from xelinkd.workers.memory import Memory

_MIB: Final = 1024 * 1024
_OF_THE_SUPERVISOR: Final = LARGEST  # a hundred problems, each with a long path, may take two MiB of it
_OF_A_FETCHER: Final = 128 * 1024  # bytes; oddities of any length that is allowed leave room for the rest
_OF_A_HISTORY: Final = 2 * MAX_MESSAGE_SIZE  # the largest topology, what is missing from it, the last events


class Boards:
    """Each board is shown on by one process at a time, and looked at by the status process.

    The memory is for the writers alone.
    """

    def __init__(self) -> None:
        """Show nothing yet."""
        self.pulse: Final = Board("pulse", float, 0.0, size=16)  # when the supervisor last was awake
        self.supervision: Final = Board[Supervision | None](
            "supervision", Supervision, None, size=_OF_THE_SUPERVISOR
        )
        self.fetching: Final = Board("fetching", Fetching, Fetching(), size=_OF_A_FETCHER)
        self.keeping: Final = Board("keeping", Keeping, Keeping(), size=_MIB)
        self.memory: Final = Memory()
        self.history: Final = Board("history", History, NO_HISTORY, size=_OF_A_HISTORY)

    def of_the_writer(self) -> tuple[int, ...]:
        """Give the descriptors that the writer inherits."""
        return self.memory.fileno(), self.keeping.fileno(), self.history.fileno()

    def of_the_status(self) -> tuple[int, ...]:
        """Give the descriptors that the status process inherits."""
        boards = (self.pulse, self.supervision, self.fetching, self.keeping, self.history)
        return tuple(board.fileno() for board in boards)

    def look(self) -> State | None:
        """Give the state of the daemon at this moment; None before the supervisor has told anything."""
        supervision = self.supervision.look()
        if supervision is None:
            return None
        return State(
            clocks.now(),
            self.pulse.look(),
            supervision,
            self.fetching.look(),
            self.keeping.look(),
            self.history.look(),
        )
