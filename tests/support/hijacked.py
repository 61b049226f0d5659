"""A writer whose fetcher sends what it likes: `python -m support.hijacked CONFIG END` in the tests' folder.

The writer is forked as the daemon does it. What it gets through the fetcher's pipe comes on standard input;
what became of it is printed. END is "whole": the fetcher waits until that is taken in, a number: until the
writer has told of progress so often, or "broken off": it is gone at once.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from support.daemon import PATIENCE

from xelinkd import logs
from xelinkd.config.load import load
from xelinkd.supervisor.logins import Logins
from xelinkd.supervisor.pipeline import pipeline
from xelinkd.supervisor.processes import fork_worker
from xelinkd.workers.boards import Boards
from xelinkd.workers.former import NOTHING_FORMER
from xelinkd.workers.lifeline import PROGRESS

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from xelinkd.supervisor.processes import Worker


def outcome(config: Path, message: bytes, *, takings: int) -> str:
    """Send a message to a writer; give "taken in", or how the writer ended."""
    loaded = load(config, required=True)
    fetcher, writer = pipeline(loaded, 0.0, Logins(), Boards(), NOTHING_FORMER).jobs()
    worker = fork_worker(
        writer, heartbeat_period=30, set_up=lambda name: logs.configure(loaded.config.log, name)
    )
    writer.connections[0].close()
    _send(fetcher.connections[0], message)
    is_taken_in = takings > 0 and all(_is_taken_in(worker) for _ in range(takings))
    if is_taken_in or not takings:
        worker.control.close()
    ended = worker.reap()
    return "taken in" if is_taken_in else ended


def _send(sending: Connection, message: bytes) -> None:
    with sending, suppress(BrokenPipeError):
        while message:
            message = message[os.write(sending.fileno(), message) :]


def _is_taken_in(worker: Worker) -> bool:
    while worker.control in wait([worker.pidfd, worker.control], PATIENCE):
        try:
            if worker.hear() == PROGRESS:
                return True
        except EOFError:
            return False
    return False


if __name__ == "__main__":
    END = {"whole": "1", "broken off": "0"}.get(sys.argv[2], sys.argv[2])
    print(outcome(Path(sys.argv[1]), sys.stdin.buffer.read(), takings=int(END)))  # noqa: T201  the answer
