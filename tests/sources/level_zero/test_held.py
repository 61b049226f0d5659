"""A process that asks Level Zero, and is in uninterruptible sleep: the kernel does not let it go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]


def test_who_cannot_be_killed_is_waited_for(tmp_path: Path) -> None:
    """A driver that hangs in the kernel is told as that, gathers no processes, and is asked again later."""
    done = subprocess.run(
        [sys.executable, "-m", "support.held", str(tmp_path)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": "tests"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "there is no FUSE here" in done.stderr:
        pytest.skip("this machine does not let us mount a file system of our own")
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert (seen["state"], seen["more"], seen["left"], seen["descriptors"]) == ("D", [], [], 0)
    first, again, third = seen["told"]
    assert first == "timeout: Level Zero did not answer within 0.2 s: does the driver hang?"
    assert again.startswith(f"timeout: process {seen['held']} cannot be killed: the driver holds it")
    assert third == "nothing"
