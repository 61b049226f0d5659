"""The fetcher: asks XPU Manager at every interval, and sends what it learned to the writer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from xelinkd.workers.gate import Gate
from xelinkd.workers.observer import Observer

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from xelinkd.config.schema import Config
    from xelinkd.model.login import Standing
    from xelinkd.workers.lifeline import Lifeline


def fetch_topology(
    config: Config, lifeline: Lifeline, observations: Connection, first: float, standing: Standing
) -> None:
    """Run the fetcher; the first fetch is at `first` (time.monotonic), or at once if that is past.

    `standing` is what is known of the credentials, if there are any.

    Raises:
        Released: the supervisor closed the control pipe: the regular end.

    """
    observer = Observer(config)
    gate = Gate(lifeline, standing if config.source.user else None)
    due = first
    while True:
        lifeline.wait([], due)
        lifeline.end_if_outdated()
        gate.announce()  # the fetch may be silent until its deadline
        due = max(due + config.source.interval, time.monotonic())  # keeps the beat, skips what was missed
        observed = observer.observe()
        due = max(due, gate.heed(observed.observation, time.monotonic()))
        try:
            observations.send_bytes(observed.message)
        except BrokenPipeError:  # the writer is gone; the supervisor, which knows, ends this half of the pair
            lifeline.wait([], None)
