"""The booted systemds, the service in them, and the table of what was seen."""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from support.booted import Machine, booted
from support.service import PROGRAM, SHIPPED, Service, install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).parents[3]
SYSTEMDS: Final = {"Debian 12": "3.11", "Debian 13": "3.13"}  # with the Python that each has
MARK: Final = "<!-- made by tools/e2e-systemd: {} -->"

Seen = dict[str, dict[str, str]]  # by behaviour and systemd
SEEN: Final = pytest.StashKey[Seen]()


def pytest_configure(config: pytest.Config) -> None:
    """Clean up on SIGTERM as on ^C."""
    seen: Seen = defaultdict(dict)
    config.stash[SEEN] = seen
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
        seen[behaviour][f"systemd {version}"] = f"{how:.2f} s" if isinstance(how, float) else str(how)

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, and put it where it was asked for."""
    table = "\n".join(_rows(config.stash[SEEN]))
    terminalreporter.write_line(f"\n{table}\n")
    if (path := os.environ.get("XELINKD_TABLE")) and not terminalreporter.stats.get("failed"):
        _put(ROOT / path, table)


def _rows(seen: Seen) -> Iterator[str]:
    systemds = sorted({name for by_systemd in seen.values() for name in by_systemd})
    yield f"| behaviour | {' | '.join(systemds)} |"
    yield f"| --- |{' --- |' * len(systemds)}"
    for behaviour, by_systemd in seen.items():
        yield f"| {behaviour} | {' | '.join(by_systemd.get(name, '') for name in systemds)} |"


def _put(path: Path, table: str) -> None:
    before, begin, rest = path.read_text().partition(MARK.format("begin"))
    _, end, after = rest.partition(MARK.format("end"))
    path.write_text(f"{before}{begin}\n\n{table}\n\n{end}{after}")
