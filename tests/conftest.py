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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a second Python be tried for what may differ on it."""
    told = "fewer made-up examples, and nothing marked `once`: all that was tried on another Python"
    parser.addoption("--brief", action="store_true", help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Let no made-up value assert on time, and each run try the same ones: `make fuzz` is for surprises."""
    if config.pluginmanager.has_plugin("hypothesispytest"):  # the browser's tests do without
        effort, settings = import_module("support.effort"), import_module("hypothesis").settings
        count = effort.BRIEF if config.getoption("brief") else effort.FULL
        settings.register_profile("steady", deadline=None, derandomize=True, max_examples=count)
        settings.load_profile("steady")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is the same on every Python, in a brief run."""
    if config.getoption("brief"):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("once")])
        items[:] = [item for item in items if not item.get_closest_marker("once")]


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
