"""What was built, and the systems that it is installed in."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.booted import Machine, booted
from support.package import PACKAGES, Package

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure() -> None:
    """Clean up on SIGTERM as on ^C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def built() -> Path:
    """Give the folder of all builds: the first, the second of the same sources, and a newer one."""
    folder = Path(os.environ["XELINKD_E2E_PACKAGES"])
    if not (folder / "newer").exists():
        _make_newer(next((folder / "first").glob("*.deb")), folder)
    return folder


def _make_newer(package: Path, folder: Path) -> None:
    """Make a newer version of a package, whose configuration has another default."""
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(control.read_text().replace("\nVersion: ", "\nVersion: 9."))
    configuration = tree / "etc/xelinkd/xelinkd.toml"
    configuration.write_text(configuration.read_text() + "# of the newer version\n")
    (folder / "newer").mkdir()
    subprocess.run(
        ["dpkg-deb", "--build", "--root-owner-group", "-Zgzip", tree, folder / "newer"], check=True
    )


@pytest.fixture(scope="session")
def root(built: Path) -> Path:
    """Give the files of the packages, at their places."""
    return built / "first" / "work" / "root"


@pytest.fixture(scope="session", params=["Debian 12", "Debian 13"])
def machine(request: pytest.FixtureRequest, built: Path) -> Iterator[Machine]:
    """Give a booted system without xelinkd."""
    trixie = Path(os.environ["XELINKD_E2E_TRIXIE"])
    tree = {"Debian 12": Path("/"), "Debian 13": trixie}[request.param]
    with booted(tree, {built: PACKAGES}) as made:
        yield made


@pytest.fixture
def package(machine: Machine) -> Iterator[Package]:
    """Give the package, not installed, on a node with an XPU Manager."""
    made = Package(machine)
    yield made
    made.close()
