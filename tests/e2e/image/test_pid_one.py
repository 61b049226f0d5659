"""xelinkd as PID 1."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from support.daemon import children, comm, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.node import Node
    from support.podman import Container

LIMIT = 5.0  # seconds; the pods have a grace period of twice that


def state(pid: int) -> str:
    """Give the state of a process, as in /proc/PID/stat."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def workers(container: Container) -> dict[str, int]:
    """Give the workers in a container, by name."""
    return {comm(pid): pid for pid in children(container.pid())}


def test_sigterm_ends_it_and_labels_stay(node: Node, note: Callable[[str, str], None]) -> None:
    """A pod that ends does so at once and in order, and a rollout does not blink."""
    container = node.start()
    labels = node.wait_for_labels()
    status, seconds = container.stop()
    note("from SIGTERM to the end", f"{seconds:.2f} s")
    assert (status, node.file.read_text()) == (0, labels)
    assert container.events("stopped")
    assert seconds < LIMIT


def test_left_children_are_reaped(node: Node) -> None:
    """Exec probes that leave processes behind do not use up the pod's process ids."""
    container = node.start()
    node.wait_for_labels()
    assert container.run("sh", "-c", "for _ in 1 2 3; do sleep 0.1 & done").returncode == 0
    own = {"xelinkd:fetcher", "xelinkd:writer", "xelinkd:watcher", "xelinkd:status"}
    wait_until(lambda: workers(container).keys() == own, "nothing but workers")
    assert "Z" not in map(state, children(container.pid()))


def test_killed_worker_is_replaced(node: Node) -> None:
    """A worker that the kernel kills for its memory comes back, and the container stays."""
    container = node.start()
    node.wait_for_labels()
    before = workers(container)["xelinkd:writer"]
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: workers(container).get("xelinkd:writer", before) != before, "another writer")
    assert container.wait_for("worker_ended")["cause"] == "SIGKILL"
    wait_until(lambda: container.run("xelinkd", "status").returncode == 0, "readiness")
