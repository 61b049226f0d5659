"""What all tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from support.daemon import Daemon

from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.server import Simulator, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# No test asserts on time, and each run tries the same: `make fuzz` is for surprises.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.fixture
def xpum() -> Iterator[Simulator]:
    """Give an XPU Manager with 3 GPUs of 2 tiles, all linked: 6 links."""
    with serving(parse_machine("3x2")) as simulator:
        yield simulator


@pytest.fixture
def daemon(tmp_path: Path, xpum: Simulator) -> Iterator[Daemon]:
    """Give a xelinkd that asks that XPU Manager, not started yet."""
    made = Daemon(tmp_path, xpum.url)
    yield made
    made.close()
