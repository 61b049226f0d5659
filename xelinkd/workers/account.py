"""What the writer tells of itself, on its boards; of changes of the topology also in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from xelinkd import logs
from xelinkd.state import history
from xelinkd.state.history import Kind
from xelinkd.state.keeping import has_ended, kept, locked_out, outline, remembered, told

if TYPE_CHECKING:
    from xelinkd.model.observation import Observation
    from xelinkd.state.history import History
    from xelinkd.state.told import Keeping, Output
    from xelinkd.workers.board import Board
    from xelinkd.workers.keeper import Keeper

log = logs.logger()

MAX_TOLD: Final = 100  # links in one line of the log


class Account:
    """It goes on from what an earlier writer told."""

    def __init__(self, keeping: Board[Keeping], past: Board[History]) -> None:
        """Tell it on these boards."""
        self._keeping_board = keeping
        self._history_board = past
        self._keeping = keeping.look()
        self._history = past.look()
        self._has_news = True

    def takes_in(self, observation: Observation, at: float) -> None:
        """Tell of an observation that arrived, and of what it changes."""
        self._remember(remembered(self._history, observation, self._keeping, at))
        self._keeping = told(self._keeping, observation, at)

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What was told of the outputs last."""
        return self._keeping.outputs

    def has_kept(self, keeper: Keeper, outputs: tuple[Output, ...], at: float) -> None:
        """Tell how the labels stand, and the outputs."""
        if has_ended(self._keeping, keeper.held, at):
            self._remember(history.noted(self._history, Kind.LEASE_ENDED, at))
        now = kept(self._keeping, keeper.held, keeper.fault, keeper.take_work(), at)
        self._show(replace(now, outputs=outputs))

    def waits_for_lock(self) -> None:
        """Tell that another xelinkd keeps the feature file."""
        self._show(locked_out(self._keeping))

    def take_news(self) -> bool:
        """Tell whether more than moments has changed since this was last asked."""
        has_news, self._has_news = self._has_news, False
        return has_news

    def _show(self, keeping: Keeping) -> None:
        self._has_news |= outline(keeping) != outline(self._keeping)
        self._keeping = keeping
        self._keeping_board.show(keeping)

    def _remember(self, after: History) -> None:
        if after is self._history:
            return
        self._has_news = True
        _log(history.since(after, self._history))
        self._history = self._fitting(after)

    def _fitting(self, after: History) -> History:
        """Show it; begin anew if there is no room, which takes a status process that is taken over."""
        try:
            self._history_board.show(after)
        except ValueError:
            self._history_board.show(history.NO_HISTORY)
            return history.NO_HISTORY
        return after


def _log(events: tuple[history.Event, ...]) -> None:
    """Log what became of links, one line for each kind; the rest is logged where it happens."""
    if links := _of(events, Kind.LINK_LOST):
        log.warning("link_lost", count=len(links), links=links[:MAX_TOLD])
    if links := _of(events, Kind.LINK_BACK):
        log.info("link_back", count=len(links), links=links[:MAX_TOLD])
    if links := _of(events, Kind.LINK_NEW):
        log.info("link_new", count=len(links), links=links[:MAX_TOLD])
    if links := _of(events, Kind.LANES_CHANGED):
        log.warning("lanes_changed", count=len(links), links=links[:MAX_TOLD])


def _of(events: tuple[history.Event, ...], kind: Kind) -> list[str]:
    return [f"{event.subject} {event.detail}".strip() for event in events if event.kind is kind]
