"""The image, containers of it, and the table of figures."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from support import image
from support.daemon import wait_until
from support.network import leave_for_own_network
from support.node import Node, Runner
from support.podman import CONFIGURATION, Podman

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Figures = dict[str, str]
FIGURES: Final = pytest.StashKey[Figures]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with no figures."""
    config.stash[FIGURES] = {}


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Give what puts a figure into the table."""
    return request.config.stash[FIGURES].__setitem__


@pytest.fixture(scope="session")
def podman() -> Podman:
    """Give podman with the image, built; from then on there is no other network than loopback."""
    made = Podman(Path(os.environ["XELINKD_E2E_WORK"]))
    settings = made.folder / "containers.conf"
    settings.write_text(CONFIGURATION)
    os.environ |= {"CONTAINERS_CONF": str(settings), "TMPDIR": str(made.folder)}
    image.build(made, Path(os.environ["XELINKD_E2E_BASE"]))
    leave_for_own_network()
    return made


@pytest.fixture
def run(podman: Podman) -> Iterator[Runner]:
    """Give what starts containers."""
    with ExitStack() as stack:
        yield Runner(podman, stack)


@pytest.fixture
def node(tmp_path: Path, run: Runner) -> Node:
    """Give a node with an XPU Manager, simulated by the same image: 3 GPUs of 2 tiles, 6 links."""
    simulator = run("simulate", "3x2", options=("--user=65534:65534",))
    wait_until(lambda: "/metrics" in simulator.text(), "the simulator")
    features = tmp_path / "features.d"
    features.mkdir()
    return Node(features, run)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures, and leave them as JSON."""
    figures = config.stash[FIGURES]
    width = max(map(len, figures), default=0)
    for name, value in figures.items():
        terminalreporter.write_line(f"{name:{width}}  {value}")
    Path(os.environ["XELINKD_E2E_FIGURES"]).write_text(json.dumps(figures, indent=2) + "\n")
