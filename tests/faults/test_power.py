"""A loss of power, on a disk that forgets what was not synced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once  # what the daemon bears, its own rooms are tried for on each Python

REPOSITORY = Path(__file__).parents[2]


def test_a_loss_of_power_costs_no_label(tmp_path: Path) -> None:
    """Whenever the power is lost, the file on the disk is whole, and the next start goes on with it."""
    command = [sys.executable, "-m", "faults", "--only", "power lost", "--json", str(tmp_path / "seen.json")]
    subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": "tests"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    (outcome,) = json.loads((tmp_path / "seen.json").read_text())["outcomes"]
    if "there is no FUSE here" in str(outcome["complaints"]):
        pytest.skip("this machine does not let us mount a file system of our own")
    assert outcome["complaints"] == []
