"""The bench as a program: that it works, never how fast anything is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.daemon import PATIENCE, children, comm, is_alive, wait_until

from benchmarks.table import BEGIN, END

pytestmark = pytest.mark.once

REPOSITORY = Path(__file__).parents[2]
BUDGETED = {
    "page to topology",
    "the same page again",
    "steady cycle, CPU (every 0.1 s)",
    "changed topology, from page to rename",
    "context switches (every 0.1 s)",
    "memory, PSS (every 0.1 s)",
    "memory with the status, PSS",
    "peak above rest, a page of 16.0 MiB",
    "start to first label",
    "configuration change to new labels",
    "kill -9 of the fetcher to new labels",
    "kill -9 of the writer to new labels",
    "imports until the first label",
}
SAVED = {
    "what": "topology to labels",
    "unit": "ms",
    "samples": [1e6],
    "reference": "",
    "reference_samples": [],
}


def test_quick_bench_shows_every_budgeted_figure(tmp_path: Path) -> None:
    """Whoever runs the bench gets a table, the same as JSON and in a document, and what it was before."""
    made, saved, document = (tmp_path / name for name in ("bench.json", "saved.json", "document.md"))
    saved.write_text(json.dumps({"figures": [SAVED]}))
    document.write_text(f"above\n{BEGIN}{END}below\n")
    shown = ("--json", made, "--compare", saved, "--markdown", document)
    command = [sys.executable, "-m", "benchmarks", "--quick", *map(str, shown)]

    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=180, check=False)

    assert done.returncode == 0, done.stderr
    figures = json.loads(made.read_text())["figures"]
    assert {figure["what"] for figure in figures if figure["samples"]} >= BUDGETED
    assert all(figure["samples"] or figure["reference"] for figure in figures)
    assert all(figure["what"] in done.stdout for figure in figures)
    assert "1e+06 ms" in done.stdout
    assert "| start to first label |" in document.read_text()


def _descendants(pid: int) -> list[int]:
    return [found for child in children(pid) for found in (child, *_descendants(child))]


def test_nothing_is_left_running_by_a_bench_that_is_told_to_end(tmp_path: Path) -> None:
    """Whoever ends it early, as a timeout does, finds neither daemon nor page server nor files of it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks", "--only", "rest"],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: "xelinkd:writer" in map(comm, _descendants(process.pid)), "the daemon")
    started = _descendants(process.pid)
    process.send_signal(signal.SIGTERM)

    assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    wait_until(lambda: not any(map(is_alive, started)), "the end of all that it started")
    assert not list(tmp_path.iterdir())
