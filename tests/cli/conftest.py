"""What the tests of the command line share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.answering import serve

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["plain", "serve"]


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Give a configuration of defaults, whatever is installed on this machine."""
    path = tmp_path / "plain.toml"
    path.touch()
    return path
