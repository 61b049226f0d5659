"""The programs of the faults, told to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.daemon import PATIENCE, children, comm, is_alive, wait_until

pytestmark = pytest.mark.once  # what the daemon bears, its own rooms are tried for on each Python

REPOSITORY = Path(__file__).parents[2]
DAEMON = "xelinkd:fetcher"


def descendants(pid: int) -> list[int]:
    """Give all processes below one."""
    return [found for child in children(pid) for found in (child, *descendants(child))]


@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        (("faults.soak",), signal.SIGTERM),
        (("faults.soak",), signal.SIGINT),
        (("faults.soak",), signal.SIGKILL),
        (("faults", "--only", "404"), signal.SIGTERM),
        (("faults", "--only", "supervisor: SIGSTOP"), signal.SIGTERM),
        (("faults", "--only", "fetcher crashes at every start"), signal.SIGTERM),
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else value[-1],
)
def test_nothing_is_left_running(arguments: tuple[str, ...], number: signal.Signals, tmp_path: Path) -> None:
    """Whoever ends such a program early, as a timeout does, finds no daemon of its afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": "tests", "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: DAEMON in map(comm, descendants(process.pid)), "the daemon")
        started = descendants(process.pid)
        process.send_signal(number)
        assert process.wait(2 * PATIENCE) in {128 + number, -number}
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: not any(map(is_alive, started)), "the end of all that it started")
