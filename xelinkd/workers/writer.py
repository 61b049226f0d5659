"""The writer: takes observations from the pipe and keeps the labels true, until it is released."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd import clocks, logs
from xelinkd.model.labels import label_lines
from xelinkd.model.observation import MAX_MESSAGE_SIZE, Known, decode
from xelinkd.outputs.format import Snapshot
from xelinkd.sinks.kinds import sink_of
from xelinkd.workers.account import Account
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.lifeline import ALIVE, PROGRESS, SETTLED, Lifeline
from xelinkd.workers.memory import NOTHING
from xelinkd.workers.outputs import Outputs
from xelinkd.workers.turn import has_turn, lock_of, wait_for_turn

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from xelinkd.config.schema import Config
    from xelinkd.model.observation import Observation
    from xelinkd.workers.boards import Boards
    from xelinkd.workers.former import Former

log = logs.logger()


def write_labels(
    config: Config, lifeline: Lifeline, observations: Connection, boards: Boards, left: Former
) -> None:
    """Run the writer; labels that went elsewhere before move to where they go now.

    On the boards are what an earlier writer knew, and where it told of itself, as this one does.

    Raises:
        Released: the supervisor closed the control pipe: the regular end.
        MessageError: the fetcher sent something that is no observation.

    """

    def say_alive() -> None:
        lifeline.say(ALIVE)

    target = config.target
    lock = lock_of(target, boards.memory.owner)
    sink = sink_of(target, say_alive)
    former = [sink_of(settings, say_alive) for settings in left.sinks]
    account = Account(boards.keeping, boards.history)
    while True:
        if lock:
            wait_for_turn(lock, lifeline, observations, account.waits_for_lock)
        if lock and lock.was_anothers:
            boards.memory.keep(NOTHING)  # what the other one wrote or removed is newer
        with suppress(OSError):  # what is wrong with the folder, the first step will tell
            sink.sweep()
        keeper = Keeper(sink, target.lease, clocks.now, boards.memory, former)
        outputs = Outputs(config, left.outputs, account.outputs)
        desk = Desk(keeper, outputs, account, lifeline, observations, config)
        desk.keep_labels(lambda: has_turn(lock))


class Taken(Struct, frozen=True):
    """What the last observation told that told anything, and before when no other is taken in (monotonic)."""

    told: object = None
    not_before: float = 0.0


class Desk(Struct, frozen=True):
    """What the writer works with while the labels are its own to keep."""

    keeper: Keeper
    outputs: Outputs
    account: Account
    lifeline: Lifeline
    observations: Connection
    config: Config

    def keep_labels(self, may_go_on: Callable[[], bool]) -> None:
        """Act on every observation, and when it is due by itself, until another xelinkd has the lock."""
        self._go_on()
        self._tell()
        has_told = False
        taken = Taken()
        while True:
            if self.keeper.has_moved and not has_told:
                has_told = True
                self.lifeline.say(SETTLED)
            is_observed = self.lifeline.wait([self.observations], _wake(self.keeper))
            self.lifeline.end_if_outdated()
            if not may_go_on():
                return
            if is_observed:
                taken = self._take_in(taken)
            else:
                self._go_on()
            self._tell()
            if is_observed:
                self._report()

    def _take_in(self, before: Taken) -> Taken:
        """Act on an observation; if it tells other links than before, not within half an interval.

        A fetcher that was taken over may send other links a thousand times a second, each of which would be a
        write to the disk, or a request to a server.
        """
        observation, after = decode(self.lifeline.receive(self.observations, MAX_MESSAGE_SIZE)), before
        if isinstance(observation, Known) and (observation.topology, observation.gap) != before.told:
            self._pause(before.not_before)
            pause = self.config.source.interval / 2
            after = Taken((observation.topology, observation.gap), time.monotonic() + pause)
        self.account.takes_in(observation, clocks.now().boot)
        take_in(self.keeper, self.outputs, observation, self.config)
        return after

    def _pause(self, until: float) -> None:
        """Let an observation wait until then, and nothing else: the lease may end meanwhile."""
        while time.monotonic() < until:
            wake = _wake(self.keeper)
            self.lifeline.wait([], until if wake is None else min(wake, until))
            if time.monotonic() < until:
                self._go_on()
                self._tell()

    def _go_on(self) -> None:
        go_on(self.keeper, self.outputs)

    def _tell(self) -> None:
        self.account.has_kept(self.keeper, self.outputs.told, clocks.now().boot)

    def _report(self) -> None:
        """Wake the supervisor after something new was told, for it looks then; else now and then."""
        if self.account.take_news():
            self.lifeline.say(PROGRESS)
        else:
            self.lifeline.beat(PROGRESS, silence=float(self.config.source.interval))


_lines_of: Final = lru_cache(maxsize=1)(label_lines)  # steady links make the same labels


def take_in(keeper: Keeper, outputs: Outputs, observation: Observation, config: Config) -> bool:
    """Let the keepers act on an observation; False if some file could not be set right."""
    if not isinstance(observation, Known):
        return go_on(keeper, outputs)
    lines = _lines_of(observation.topology, config.labels)
    snapshot = Snapshot(observation.topology, observation.gap, lines)
    is_right = keeper.step(lines, observation.at)  # labels first: no output keeps them waiting
    return outputs.step(snapshot, observation.at, keeper.end, clocks.now().boot) and is_right


def go_on(keeper: Keeper, outputs: Outputs) -> bool:
    """Let the keepers look at their files while there is nothing new; as `take_in`."""
    is_right = keeper.step()
    return outputs.step(None, 0.0, keeper.end, clocks.now().boot) and is_right


def _wake(keeper: Keeper) -> float | None:
    """Give the moment (time.monotonic) at which the lease ends, or what failed can be tried again."""
    moments = [moment for moment in (keeper.end, keeper.retry_at) if moment is not None]
    if not moments:
        return None
    return time.monotonic() + max(0.0, min(moments) - clocks.now().boot)
