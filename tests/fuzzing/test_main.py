"""The fuzzer as a program, as far as it goes without atheris."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from fuzzing.seeds import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    command = [sys.executable, "-m", "fuzzing", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_one_input_is_checked_again(tmp_path: Path) -> None:
    """Whoever mends a fault sees whether the input that showed it still breaks something."""
    (tmp_path / "input").write_bytes(b"xpum_topology_link{")
    done = fuzz("--input", str(tmp_path / "input"), "page", "answer")
    assert done.stdout == "page: 19 bytes break nothing\nanswer: 19 bytes break nothing\n"
    assert done.returncode == 0


def test_a_target_that_does_not_exist_is_refused() -> None:
    """A target that is misspelt is not passed over."""
    done = fuzz("pages")
    assert done.returncode == 2
    assert "page" in done.stderr
