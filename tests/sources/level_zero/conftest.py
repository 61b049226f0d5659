"""What the tests of Level Zero share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from standins.level_zero import Node
from xelinkd.simulator.machine import parse_machine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """Give a node with three GPUs of two tiles, all of them linked."""
    return Node(tmp_path / "node", parse_machine("3x2"))
