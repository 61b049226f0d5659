"""What the tests of sinks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.keeping import Clock
from support.object_sink import new_sink

from standins.api_server import ApiServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xelinkd.sinks.node_feature import NodeFeatureSink


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ApiServer]:
    """Give a cluster that answers."""
    with ApiServer(tmp_path).serving() as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
def sink(cluster: ApiServer, clock: Clock) -> NodeFeatureSink:
    """Give a sink for the cluster that knows nothing yet."""
    return new_sink(cluster, clock)
