"""The writer: takes observations from the pipe and keeps the feature file true, until it is released."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from xelinkd import clocks, logs
from xelinkd.model.labels import label_lines
from xelinkd.model.observation import MAX_MESSAGE_SIZE, Known, decode
from xelinkd.sinks.feature_file import FeatureFileSink
from xelinkd.sinks.lock import FeatureFileLock
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.lifeline import PROGRESS, SETTLED, Lifeline
from xelinkd.workers.memory import NOTHING, Memory
from xelinkd.workers.turn import has_turn, wait_for_turn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

    from xelinkd.config.schema import Config
    from xelinkd.model.observation import Observation

log = logs.logger()


def write_labels(
    config: Config,
    lifeline: Lifeline,
    observations: Connection,
    memory: Memory,
    former_files: Sequence[Path],
) -> None:
    """Run the writer; labels in `former_files`, where the feature file was before, move to where it is now.

    `memory` is what an earlier writer knew.

    Raises:
        Released: the supervisor closed the control pipe: the regular end.
        MessageError: the fetcher sent something that is no observation.

    """
    lock = FeatureFileLock(config.feature_file.path, memory.owner)
    sink = FeatureFileSink(config.feature_file.path, config.feature_file.staging)
    former = [FeatureFileSink(path, sink.staging) for path in former_files]
    while True:
        wait_for_turn(lock, lifeline, observations)
        if lock.was_anothers:
            memory.keep(NOTHING)  # what the other one wrote or removed is newer
        with suppress(OSError):  # what is wrong with the folder, the first step will tell
            sink.sweep()
        keeper = Keeper(sink, config.feature_file.lease, clocks.now, memory, former)
        _keep_labels(keeper, lifeline, observations, config, lock)


def _keep_labels(
    keeper: Keeper, lifeline: Lifeline, observations: Connection, config: Config, lock: FeatureFileLock
) -> None:
    """Act on every observation and at the end of the lease, until another xelinkd has the lock."""
    keeper.step()
    settled = False
    while True:
        if keeper.has_moved and not settled:
            settled = True
            lifeline.say(SETTLED)
        is_observed = lifeline.wait([observations], _wake(keeper))
        lifeline.end_if_outdated()
        if not has_turn(lock):
            return
        if is_observed:
            take_in(keeper, decode(lifeline.receive(observations, MAX_MESSAGE_SIZE)), config)
            lifeline.say(PROGRESS)
        else:
            keeper.step()


def take_in(keeper: Keeper, observation: Observation, config: Config) -> bool:
    """Let the keeper act on an observation; False if the file could not be set right."""
    if not isinstance(observation, Known):
        return keeper.step()
    return keeper.step(label_lines(observation.topology, config.labels), observation.at)


def _wake(keeper: Keeper) -> float | None:
    """Give the moment (time.monotonic) at which the lease ends, if labels are held."""
    if keeper.end is None:
        return None
    return time.monotonic() + max(0.0, keeper.end - clocks.now().boot)
