"""The fetcher: asks XPU Manager at every interval, and sends what it learned to the writer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from xelinkd import clocks
from xelinkd.model.observation import Unknown
from xelinkd.state.fetching import asked, began, ended, planned
from xelinkd.workers.gate import Gate
from xelinkd.workers.observer import Observer

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from xelinkd.config.schema import Config
    from xelinkd.model.login import Standing
    from xelinkd.model.unknown import Reason
    from xelinkd.state.told import Fetching
    from xelinkd.workers.board import Board
    from xelinkd.workers.lifeline import Lifeline
    from xelinkd.workers.observer import Observed


class Start(NamedTuple):
    """When the first fetch is due (time.monotonic; past: at once), and what is known of the credentials."""

    first: float
    standing: Standing


def fetch_topology(
    config: Config, lifeline: Lifeline, observations: Connection, board: Board[Fetching], start: Start
) -> None:
    """Run the fetcher.

    `board` is where it tells of itself, and goes on from what an earlier fetcher told there.

    Raises:
        Released: the supervisor closed the control pipe: the regular end.

    """
    observer = Observer(config)
    gate = Gate(lifeline, start.standing if config.source.user else None, float(config.source.deadline))
    report = Report(board)
    due = max(start.first, time.monotonic())
    report.starts(due)
    while True:
        lifeline.wait([], due)
        lifeline.end_if_outdated()
        gate.announce(sends=observer.sends_login)
        report.begins()
        due = max(due + config.source.interval, time.monotonic())  # keeps the beat, skips what was missed
        observed = observer.observe()
        news = (observed.login, _reason(observed), time.monotonic())
        due = max(due, gate.heed(*news, again=observer.sends_login))
        report.ends(observed, due, waits_for_login=gate.is_shut)
        try:
            observations.send_bytes(observed.message)
        except BrokenPipeError:  # the writer is gone; the supervisor, which knows, ends this half of the pair
            lifeline.wait([], None)


def _reason(observed: Observed) -> Reason | None:
    return observed.observation.reason if isinstance(observed.observation, Unknown) else None


class Report:
    """What the fetcher tells of itself; it goes on from what an earlier one told."""

    def __init__(self, board: Board[Fetching]) -> None:
        """Tell it on this board."""
        self._board = board
        self._told = board.look()

    def starts(self, due: float) -> None:
        """Tell when the first fetch is due; a wait that an earlier fetcher was told to make is not over."""
        waits = self._told.waits_for_login and due > time.monotonic()
        self._show(planned(self._told, _boot(due), waits_for_login=waits))

    def begins(self) -> None:
        """Tell that a fetch begins."""
        self._show(began(self._told, clocks.now().boot))

    def ends(self, observed: Observed, due: float, *, waits_for_login: bool) -> None:
        """Tell what a fetch brought, and when the next is due."""
        told = ended(self._told, observed.observation, observed.effort, observed.oddities, clocks.now().boot)
        told = asked(told, observed.address)
        self._show(planned(told, _boot(due), waits_for_login=waits_for_login))

    def _show(self, told: Fetching) -> None:
        self._told = told
        self._board.show(told)


def _boot(moment: float) -> float:
    """Turn a moment of time.monotonic into one of boot time."""
    return clocks.now().boot + moment - time.monotonic()
