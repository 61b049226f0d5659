"""Runs the program of the faults, as people do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


def outcome_of(name: str, folder: Path) -> dict[str, Any]:
    """Try one fault by its name, and give what the program tells of it; `folder` is for its file."""
    seen = folder / "seen.json"
    subprocess.run(
        [sys.executable, "-m", "faults", "--only", name, "--json", str(seen)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": "tests"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    (outcome,) = json.loads(seen.read_text())["outcomes"]
    found: dict[str, Any] = outcome
    return found
