"""Children of the supervisor that are none of its workers: as PID 1 of a container it gets such."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from support.daemon import children, comm, wait_until

if TYPE_CHECKING:
    from support.daemon import Daemon

LEAVING_TWO = ["sh", "-c", 'sleep 60 & sleep 60 & exec "$@"', "sh"]


def test_orphans_are_reaped_and_workers_buried(daemon: Daemon) -> None:
    """Whatever ends at the same time, nothing stays a zombie, and a worker that ended is replaced."""
    daemon.start(prefix=LEAVING_TWO)
    fetcher = daemon.wait_for_workers()["fetcher"]
    first, second = (pid for pid in children(daemon.pid) if comm(pid) == "sleep")
    os.kill(daemon.pid, signal.SIGSTOP)
    for pid in (first, fetcher, second):
        os.kill(pid, signal.SIGKILL)
    os.kill(daemon.pid, signal.SIGCONT)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in (first, second)), "no zombies")
    assert daemon.wait_for("worker_ended")["cause"] == "SIGKILL"
    assert daemon.wait_for_workers()["fetcher"] != fetcher
    assert daemon.stop() == 0
