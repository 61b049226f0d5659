"""A node, and what a worker that is taken over might be after there."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from support.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Give a server that is not the source."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def source() -> Iterator[socket.socket]:
    """Give what listens on the source's port."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def node(tmp_path: Path, source: socket.socket) -> Daemon:
    """Give a configuration, and files that a worker might be after."""
    port = source.getsockname()[1]
    made = Daemon(tmp_path, f"http://127.0.0.1:{port}/metrics")
    (tmp_path / "secret").write_text("precious")
    (tmp_path / "elsewhere").mkdir()
    (made.features / "other.txt").write_text("another feature")
    return made
