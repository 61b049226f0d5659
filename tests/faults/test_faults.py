"""The real daemon, put through some faults; and the program that does it, as people run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.daemon import PATIENCE

from faults.fault import Fault
from faults.judge import Terms, judge
from faults.report import BEGIN, END
from faults.rig import DEADLINE, INTERVAL
from faults.rooms import FAULTS, ROOMS, SHORT
from faults.trial import attempt

pytestmark = pytest.mark.once  # what the daemon bears, its own rooms are tried for on each Python

REPOSITORY = Path(__file__).parents[2]
# How soon a busy machine gets to it is no matter of tests.
TERMS = Terms(INTERVAL, DEADLINE, slack=PATIENCE)


@pytest.mark.parametrize("fault", [f for f in SHORT if isinstance(f, Fault)], ids=lambda fault: fault.name)
def test_a_fault_is_held(fault: Fault) -> None:
    """Labels stay or follow the truth, nothing dies that shall not, and afterwards the new truth comes."""
    assert judge(fault, attempt(fault), TERMS).complaints == ()


def test_each_fault_has_a_name_of_its_own() -> None:
    """Whoever asks for a fault by its name gets that one."""
    assert len(FAULTS) == sum(map(len, ROOMS.values()))


def test_the_table_in_the_documentation_has_every_fault() -> None:
    """Whoever reads the table misses no fault, and sees none that is not tried."""
    document = (REPOSITORY / "docs" / "reliability.md").read_text()
    rows = document.partition(BEGIN)[2].partition(END)[0].strip().splitlines()[2:]
    assert [row.split(" | ")[0].strip("| ") for row in rows if row.startswith("|")] == list(FAULTS)


def test_the_program_shows_what_it_saw(tmp_path: Path) -> None:
    """Whoever runs it gets a table, and all that was seen as JSON."""
    command = [sys.executable, "-m", "faults", "--only", "404", "--json", str(tmp_path / "faults.json")]

    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": "tests"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    (outcome,) = json.loads((tmp_path / "faults.json").read_text())["outcomes"]
    assert outcome["fault"] == "404"
    assert done.returncode == (0 if outcome["held"] else 1), done.stderr
    assert "404    held" in done.stdout if outcome["held"] else "NOT HELD" in done.stdout
    assert len(outcome["record"]["sightings"]) >= 2
    assert "[1/1] 404: " in done.stderr
