"""A writer that is fed without a fetcher: `python -m support.fed_writer CONFIG TIMES` in the tests' folder.

The writer is forked as the daemon does it, and takes the same topology so many times, each observed anew.
What happened in the feature file's folders from the second time on is printed: as bytes of inotify's events.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from support.daemon import wait_until

from xelinkd import clocks, logs
from xelinkd.config.load import load
from xelinkd.model.observation import Known, encode
from xelinkd.model.page import read_page
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.page import render
from xelinkd.supervisor.logins import Logins
from xelinkd.supervisor.pipeline import pipeline
from xelinkd.supervisor.processes import fork_worker
from xelinkd.workers.boards import Boards
from xelinkd.workers.former import NOTHING_FORMER

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_ANY_CHANGE: Final = 0x3CE  # inotify(7): modify, attrib, close after writing, moves, create, delete
_MUCH: Final = 1 << 20


def feed(config: Path, times: int) -> int:
    """Feed it, and give the bytes of events."""
    loaded, boards = load(config, required=True), Boards()
    fetcher, writer = pipeline(loaded, 0.0, Logins(), boards, NOTHING_FORMER).jobs()
    worker = fork_worker(
        writer, heartbeat_period=3600, set_up=lambda name: logs.configure(loaded.config.log, name)
    )
    writer.connections[0].close()
    path = loaded.config.feature_file.path
    _send(fetcher.connections[0], boards, 1)
    watch = _watch(path.parent, loaded.config.feature_file.staging)
    _send(fetcher.connections[0], boards, times - 1)
    seen = _events(watch)
    path.touch()
    assert _events(watch) > 0, "a change was not seen"
    worker.control.close()
    assert worker.reap() == "exit status 0"
    return seen


def _send(sending: Connection, boards: Boards, times: int) -> None:
    """Send the topology so many times, and wait until the last has been acted on."""
    topology = read_page(render(parse_machine("8x-max1550"))).topology
    at = 0.0
    for _ in range(times):
        at = clocks.now().boot
        sending.send_bytes(encode(Known(topology, at)))
    wait_until(lambda: boards.keeping.look().known_at == at, f"{times} observations taken in")


def _watch(*folders: Path) -> int:
    descriptor = int(_LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
    for folder in folders:
        assert _LIBC.inotify_add_watch(descriptor, bytes(folder), _ANY_CHANGE) >= 0
    return descriptor


def _events(watch: int) -> int:
    with suppress(BlockingIOError):
        return len(os.read(watch, _MUCH))
    return 0


if __name__ == "__main__":
    print(feed(Path(sys.argv[1]), int(sys.argv[2])))  # noqa: T201  the answer
