"""What a running xelinkd consists of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from support.daemon import wait_until

if TYPE_CHECKING:
    from support.daemon import Daemon

# The supervisor and its three workers; the watcher has the thread in which watchdog reads what happened.
# A process more would cost some 3 MiB, a thread more a stack, and in who forks the safety of that.
THREADS = {"supervisor": 1, "fetcher": 1, "writer": 1, "watcher": 2}


def _threads(daemon: Daemon) -> dict[str, int]:
    pids = {"supervisor": daemon.pid, **daemon.workers()}
    return {name: len(list(Path(f"/proc/{pid}/task").iterdir())) for name, pid in pids.items()}


def test_daemon_has_four_processes_and_one_thread_more(daemon: Daemon) -> None:
    """Nothing runs on a node that has no work there."""
    daemon.start().wait_for_workers()
    wait_until(lambda: _threads(daemon) == THREADS, f"{THREADS}")


def test_status_is_one_process_more(daemon: Daemon) -> None:
    """Serving the status takes no threads."""
    daemon.serve_status().start().wait_for_workers()
    daemon.ask("/metrics")
    wait_until(lambda: _threads(daemon) == {**THREADS, "status": 1}, "one thread more than without")
