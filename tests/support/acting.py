"""Lets a worker act as if somebody had taken it over: see support.inside, which does the acts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from support import prepared

from xelinkd.confinement.landlock import NEWEST_ABI, available_abi

if TYPE_CHECKING:
    from support.daemon import Daemon

REFUSED: Final = "PermissionError"

needs_landlock = pytest.mark.skipif(
    available_abi() < NEWEST_ABI, reason=f"this kernel has less than Landlock's ABI {NEWEST_ABI} (Linux 6.12)"
)


def act(node: Daemon, worker: str, *acts: tuple[str, Any]) -> list[str]:
    """Do acts inside a worker of the daemon; give what became of each."""
    status, output, errors = prepared.run("-m", "support.inside", worker, str(node.config), json.dumps(acts))
    assert status == 0, errors.decode()
    outcomes: list[str] = json.loads(output)
    return outcomes
