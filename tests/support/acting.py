"""Lets a worker act as if somebody had taken it over: see support.inside, which does the acts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from xelinkd.confinement.landlock import NEWEST_ABI, available_abi

if TYPE_CHECKING:
    from support.daemon import Daemon

TESTS: Final = Path(__file__).parents[1]
REFUSED: Final = "PermissionError"

needs_landlock = pytest.mark.skipif(
    available_abi() < NEWEST_ABI, reason=f"this kernel has less than Landlock's ABI {NEWEST_ABI} (Linux 6.12)"
)


def act(node: Daemon, worker: str, *acts: tuple[str, Any], pass_fds: tuple[int, ...] = ()) -> list[str]:
    """Do acts inside a worker of the daemon; give what became of each."""
    command = [sys.executable, "-m", "support.inside", worker, str(node.config), json.dumps(acts)]
    done = subprocess.run(
        command, cwd=TESTS, capture_output=True, text=True, check=True, timeout=60, pass_fds=pass_fds
    )
    outcomes: list[str] = json.loads(done.stdout)
    return outcomes
