"""What all tests share."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from support.daemon import Daemon

from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.server import Simulator, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_configure(config: pytest.Config) -> None:
    """Let no made-up value assert on time, and each run try the same ones: `make fuzz` is for surprises."""
    if config.pluginmanager.has_plugin("hypothesispytest"):  # the browser's tests do without
        settings = import_module("hypothesis").settings
        settings.register_profile("steady", deadline=None, derandomize=True, max_examples=50)
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
