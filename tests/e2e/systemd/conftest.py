"""The booted systemds, the service in them, and the table of what was seen."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from support.booted import Machine, booted
from support.service import PROGRAM, SHIPPED, Service, install
from support.table import Seen, in_words, nothing_seen, put, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).parents[3]
SYSTEMDS: Final = {"Debian 12": "3.11", "Debian 13": "3.13"}  # with the Python that each has

SEEN: Final = pytest.StashKey[Seen]()


def pytest_configure(config: pytest.Config) -> None:
    """Clean up on SIGTERM as on ^C."""
    config.stash[SEEN] = nothing_seen()
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session", params=SYSTEMDS)
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Give a booted systemd in which xelinkd is installed."""
    trixie = Path(os.environ["XELINKD_E2E_TRIXIE"])
    root = {"Debian 12": Path("/"), "Debian 13": trixie}[request.param]
    program = Path(os.environ["XELINKD_E2E_PROGRAM"]) / SYSTEMDS[request.param]
    with booted(root, {program: PROGRAM, ROOT / "systemd": SHIPPED}) as made:
        install(made)
        yield made


@pytest.fixture(scope="session")
def version(machine: Machine) -> int:
    """Give the version of systemd."""
    return int(machine.run("systemctl", "--version").stdout.split()[1])


@pytest.fixture
def service(machine: Machine) -> Iterator[Service]:
    """Give the service, as just installed and not started."""
    made = Service(machine)
    yield made
    made.close()


@pytest.fixture
def saw(request: pytest.FixtureRequest, version: int) -> Callable[[str, object], None]:
    """Give what notes a behaviour for the table: seconds, or in words how it went."""
    seen = request.config.stash[SEEN]

    def note(behaviour: str, how: object) -> None:
        seen[behaviour][f"systemd {version}"] = in_words(how)

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, and put it where it was asked for."""
    table = "\n".join(rows(config.stash[SEEN]))
    terminalreporter.write_line(f"\n{table}\n")
    if (path := os.environ.get("XELINKD_TABLE")) and not terminalreporter.stats.get("failed"):
        put(ROOT / path, "tools/e2e-systemd", table)
