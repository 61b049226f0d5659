"""The writer: takes observations from the pipe and keeps the feature file true, until it is released."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from xelinkd import clocks, logs
from xelinkd.model.labels import label_lines
from xelinkd.model.observation import MAX_MESSAGE_SIZE, Known, decode
from xelinkd.sinks.feature_file import FeatureFileSink
from xelinkd.sinks.lock import FeatureFileLock
from xelinkd.workers.account import Account
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.lifeline import PROGRESS, SETTLED, Lifeline
from xelinkd.workers.memory import NOTHING
from xelinkd.workers.turn import has_turn, wait_for_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

    from xelinkd.config.schema import Config
    from xelinkd.model.observation import Observation
    from xelinkd.workers.boards import Boards

log = logs.logger()


def write_labels(
    config: Config, lifeline: Lifeline, observations: Connection, boards: Boards, former_files: Sequence[Path]
) -> None:
    """Run the writer; labels in `former_files`, where the feature file was before, move to where it is now.

    On the boards are what an earlier writer knew, and where it told of itself, as this one does.

    Raises:
        Released: the supervisor closed the control pipe: the regular end.
        MessageError: the fetcher sent something that is no observation.

    """
    lock = FeatureFileLock(config.feature_file.path, boards.memory.owner)
    sink = FeatureFileSink(config.feature_file.path, config.feature_file.staging)
    former = [FeatureFileSink(path, sink.staging) for path in former_files]
    account = Account(boards.keeping, boards.history)
    while True:
        wait_for_turn(lock, lifeline, observations, account.waits_for_lock)
        if lock.was_anothers:
            boards.memory.keep(NOTHING)  # what the other one wrote or removed is newer
        with suppress(OSError):  # what is wrong with the folder, the first step will tell
            sink.sweep()
        keeper = Keeper(sink, config.feature_file.lease, clocks.now, boards.memory, former)
        desk = _Desk(keeper, account, lifeline, observations, config)
        desk.keep_labels(lambda: has_turn(lock))


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the writer works with while the feature file is its own to keep."""

    keeper: Keeper
    account: Account
    lifeline: Lifeline
    observations: Connection
    config: Config

    def keep_labels(self, may_go_on: Callable[[], bool]) -> None:
        """Act on every observation and at the end of the lease, until another xelinkd has the lock."""
        self.keeper.step()
        self._tell()
        has_told = False
        while True:
            if self.keeper.has_moved and not has_told:
                has_told = True
                self.lifeline.say(SETTLED)
            is_observed = self.lifeline.wait([self.observations], _wake(self.keeper))
            self.lifeline.end_if_outdated()
            if not may_go_on():
                return
            self._act(is_observed=bool(is_observed))
            self._tell()
            if is_observed:
                self._report()

    def _act(self, *, is_observed: bool) -> None:
        if not is_observed:
            self.keeper.step()
            return
        observation = decode(self.lifeline.receive(self.observations, MAX_MESSAGE_SIZE))
        self.account.takes_in(observation, clocks.now().boot)
        take_in(self.keeper, observation, self.config)

    def _tell(self) -> None:
        self.account.has_kept(self.keeper, clocks.now().boot)

    def _report(self) -> None:
        """Wake the supervisor after something new was told, for it looks then; else now and then."""
        if self.account.take_news():
            self.lifeline.say(PROGRESS)
        else:
            self.lifeline.beat(PROGRESS, silence=float(self.config.source.interval))


_lines_of: Final = lru_cache(maxsize=1)(label_lines)  # steady links make the same labels


def take_in(keeper: Keeper, observation: Observation, config: Config) -> bool:
    """Let the keeper act on an observation; False if the file could not be set right."""
    if not isinstance(observation, Known):
        return keeper.step()
    return keeper.step(_lines_of(observation.topology, config.labels), observation.at)


def _wake(keeper: Keeper) -> float | None:
    """Give the moment (time.monotonic) at which the lease ends, if labels are held."""
    if keeper.end is None:
        return None
    return time.monotonic() + max(0.0, keeper.end - clocks.now().boot)
