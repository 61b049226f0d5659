"""The writer: takes observations from the pipe and keeps the feature file true, until it is released."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from xelinkd import clocks, logs
from xelinkd.model.labels import label_lines
from xelinkd.model.observation import MAX_MESSAGE_SIZE, Known, decode
from xelinkd.sinks.feature_file import Absent, FeatureFileSink, Ours
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.lifeline import PROGRESS, Lifeline

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from xelinkd.config.schema import Config
    from xelinkd.model.observation import Observation

log = logs.logger()


def write_labels(
    config: Config, lifeline: Lifeline, observations: Connection, former_file: Path | None
) -> None:
    """Run the writer; labels in `former_file`, where the feature file was before, move to where it is now.

    Raises:
        Released: the supervisor closed the control pipe: the regular end.
        MessageError: the fetcher sent something that is no observation.

    """
    sink = FeatureFileSink(config.feature_file.path, config.feature_file.staging)
    keeper = Keeper(sink, config.feature_file.lease, clocks.now)
    with suppress(OSError):  # what is wrong with the folder, the first step will tell
        sink.sweep()
    move_labels(former_file, sink)
    keeper.step()
    while True:
        if lifeline.wait([observations], _wake(keeper)):
            take_in(keeper, _receive(observations, lifeline), config)
            lifeline.say(PROGRESS)
        else:
            keeper.step()


def move_labels(former: Path | None, sink: FeatureFileSink) -> None:
    """Take the labels along to the feature file's new place: neither lost nor there twice."""
    if former is None or former == sink.path:
        return
    old = FeatureFileSink(former, sink.staging)
    try:
        found = old.read()
        if isinstance(found, Ours):
            if isinstance(sink.read(), Absent):
                sink.write(found.file)
            old.remove()
            log.info("labels_moved", file=sink.path, moved_from=former)
    except OSError as error:
        log.warning("labels_not_moved", file=sink.path, moved_from=former, error=str(error))


def take_in(keeper: Keeper, observation: Observation, config: Config) -> bool:
    """Let the keeper act on an observation; False if the file could not be set right."""
    if not isinstance(observation, Known):
        return keeper.step()
    return keeper.step(label_lines(observation.topology, config.labels), observation.at)


def _receive(observations: Connection, lifeline: Lifeline) -> Observation:
    try:
        return decode(observations.recv_bytes(MAX_MESSAGE_SIZE))
    except EOFError:  # the fetcher is gone; the supervisor, which knows, ends this half of the pair
        lifeline.wait([], None)
        raise


def _wake(keeper: Keeper) -> float | None:
    """Give the moment (time.monotonic) at which the lease ends, if labels are held."""
    if keeper.end is None:
        return None
    return time.monotonic() + max(0.0, keeper.end - clocks.now().boot)
