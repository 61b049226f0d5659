"""Privileges that are given up, whatever there was of them before."""

from __future__ import annotations

import subprocess
import sys


def test_limit_of_cores_that_is_lower_already() -> None:
    """A unit or a shell that allows no core at all does not keep xelinkd from hiding its memory."""
    hide = (
        "import resource\n"
        "from xelinkd.confinement.privileges import hide_memory\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "hide_memory()\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True, check=True)
    assert done.stdout == "(0, 0)\n"
