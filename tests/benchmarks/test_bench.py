"""The bench as a program: that it works, never how fast anything is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

REPOSITORY = Path(__file__).parents[2]
BUDGETED = {
    "page to topology",
    "steady cycle, CPU (every 0.1 s)",
    "context switches (every 0.1 s)",
    "memory, PSS (every 0.1 s)",
    "memory with the status, PSS",
    "start to first label",
    "configuration change to new labels",
}


def test_quick_bench_shows_every_budgeted_figure(tmp_path: Path) -> None:
    """Whoever runs the bench gets a table and the same figures as JSON, each with its samples."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--json", str(tmp_path / "bench.json")]

    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "bench.json").read_text())["figures"]
    assert {figure["what"] for figure in figures} >= BUDGETED
    assert all(figure["samples"] for figure in figures)
    assert all(figure["what"] in done.stdout for figure in figures)
