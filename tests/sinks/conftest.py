"""What the tests of sinks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from standins.api_server import ApiServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ApiServer]:
    """Give a cluster that answers."""
    with ApiServer(tmp_path).serving() as made:
        yield made
