"""The watcher: tells the supervisor that a file of the configuration may have changed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from xelinkd import logs
from xelinkd.watching.watch import Watch
from xelinkd.workers.lifeline import CHANGED, Lifeline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

log = logs.logger()


def watch_files(paths: Sequence[Path], lifeline: Lifeline) -> None:
    """Run the watcher.

    Raises:
        Released: the supervisor closed the control pipe: the regular end.

    """
    with Watch(paths) as watch:
        told = None
        while True:
            if watch.mode_reason != told:
                log.warning("watching_by_polling", reason=watch.mode_reason)
                told = watch.mode_reason
            now = time.monotonic()
            if watch.poll(now):
                lifeline.say(CHANGED)
            timeout = watch.timeout(now)
            lifeline.wait([watch.fileno()], None if timeout is None else now + timeout)
