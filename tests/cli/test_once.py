"""`xelinkd once`: what it does, and what its exit status tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.daemon import Daemon, xelinkd
from support.pages import PageServer, recorded, serving_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server() -> Iterator[PageServer]:
    """Give a source whose page a test changes."""
    with serving_page(recorded("max1550-4x2-mesh")) as made:
        yield made


@pytest.fixture
def node(tmp_path: Path, server: PageServer) -> Daemon:
    """Give a node's folders and configuration; no daemon runs there."""
    return Daemon(tmp_path, server.url)


def test_unknown_topology_keeps_the_labels(node: Daemon, server: PageServer) -> None:
    """With a source in trouble, the status is 1, the reason is told, and the labels stay."""
    assert xelinkd("once", "--config", node.config).returncode == 0
    before = node.file.read_bytes()
    server.status, server.body = 500, recorded("error-500")
    done = xelinkd("once", "--config", node.config)
    assert done.returncode == 1
    assert '"reason":"http_status"' in done.stderr
    assert node.file.read_bytes() == before


def test_incomplete_page_is_unknown(node: Daemon, server: PageServer) -> None:
    """One look at a cut page writes nothing, unless people say that one look is enough."""
    server.body = cut(server.body)
    done = xelinkd("once", "--config", node.config)
    assert done.returncode == 1
    assert '"reason":"incomplete"' in done.stderr
    assert not node.file.exists()
    node.configure(source={"incomplete_fetches": 1})
    assert xelinkd("once", "--config", node.config).returncode == 0
    assert node.file.exists()


def cut(page: bytes) -> bytes:
    """Take the last row of the topology away."""
    lines = page.split(b"\n")
    lines.remove(max(line for line in lines if line.startswith(b"xpum_topology_link{")))
    return b"\n".join(lines)


def test_wrong_configuration(node: Daemon) -> None:
    """With a wrong configuration, the status is 2 and nothing is asked or written."""
    node.configure(labels={"min_lanes": -1})
    done = xelinkd("once", "--config", node.config)
    assert done.returncode == 2
    assert "labels.min_lanes" in done.stderr
    assert not node.file.exists()


def test_file_that_cannot_be_written(node: Daemon) -> None:
    """With nowhere to write to, the status is 3 and the log says why."""
    node.configure(feature_file={"path": str(node.folder / "missing" / "labels.txt")})
    done = xelinkd("once", "--config", node.config)
    assert done.returncode == 3
    assert "feature_file_failing" in done.stderr


def test_does_not_wait_for_the_startup_delay(node: Daemon) -> None:
    """A start-up delay is for the daemon: `once` asks at once."""
    node.configure(source={"startup_delay": "1h"})
    assert xelinkd("once", "--config", node.config).returncode == 0
    assert node.file.exists()
