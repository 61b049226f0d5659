"""Level Zero as the program of the faults has it: with a fabric in /sys, and readings that are counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once  # what the daemon bears, its own rooms are tried for on each Python

REPOSITORY = Path(__file__).parents[2]
# How soon a busy machine gets to it is no matter of tests.
SLOW = ("the new truth came after", "from one fetch to the next")


def test_a_lost_gpu_costs_no_label(tmp_path: Path) -> None:
    """A GPU that the kernel has, and Level Zero does not show, leaves all labels as they are."""
    name = "Level Zero: a GPU less than the kernel has"
    command = [sys.executable, "-m", "faults", "--only", name, "--json", str(tmp_path / "seen.json")]
    subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": "tests"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    (outcome,) = json.loads((tmp_path / "seen.json").read_text())["outcomes"]
    complaints = outcome["complaints"]
    if "] mount " in str(complaints):
        pytest.skip("this machine does not let us mount anything")
    assert [words for words in complaints if not any(slow in words for slow in SLOW)] == []
    assert outcome["note"] == "no_rights"
    assert len(outcome["record"]["fetches"]) >= 8
