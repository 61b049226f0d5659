"""What was built, looked at as distributions do."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from xelinkd import __version__
from xelinkd.cli.main import VERBS
from xelinkd.config.describe import render_default

RHEL_9: Final = (2, 34)  # its glibc
CONFIG: Final = "/etc/xelinkd/xelinkd.toml"


def said(*command: str | Path) -> str:
    """Run a command that must succeed; give what it printed, to either stream."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "120"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr + done.stdout


@pytest.fixture(params=["deb", "rpm"])
def kind(request: pytest.FixtureRequest) -> str:
    """Give a kind of package."""
    kind: str = request.param
    return kind


@pytest.fixture
def rpm(built: Path) -> Path:
    """Give the RPM."""
    return next((built / "first").glob("*.rpm"))


def test_two_builds_are_the_same(built: Path, kind: str) -> None:
    """Whoever builds the same sources, in whatever folder and with whatever umask, gets the same bytes."""
    first, second = (next((built / name).glob(f"*.{kind}")) for name in ("first", "second"))
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_lintian_finds_nothing(built: Path) -> None:
    """Debian's own checks find no error and nothing to warn of."""
    deb = next((built / "first").glob("*.deb"))
    said("lintian", "--fail-on=error,warning", "--allow-root", deb)


def test_rpm_tells_what_it_is(rpm: Path) -> None:
    """`rpm -q` tells version and licence, the configuration is kept by upgrades, and no machine is named."""
    told = said("rpm", "--query", "--package", "--info", rpm)
    assert re.search(rf"Version +: {re.escape(__version__)}\n", told)
    assert "Apache-2.0" in told
    assert re.search(r"Build Host +: localhost\n", told)
    assert said("rpm", "--query", "--package", "--configfiles", rpm) == f"{CONFIG}\n"
    scripts = said("rpm", "--query", "--package", "--scripts", rpm)
    assert "systemctl --no-reload preset xelinkd.service" in scripts


def test_rpm_fits_rhel_9(rpm: Path) -> None:
    """The RPM asks for no newer glibc and no newer OpenSSL than RHEL 9 has."""
    requires = said("rpm", "--query", "--package", "--requires", rpm)
    versions = {tuple(map(int, found.split("."))) for found in re.findall(r"\(GLIBC_([0-9.]+)\)", requires)}
    assert max(versions) <= RHEL_9
    assert re.findall(r"\(OPENSSL_([0-9.]+)\)", requires) == ["3.0.0", "3.0.0"]


def test_rpm_unpacked_runs(rpm: Path, tmp_path: Path) -> None:
    """The program of the RPM runs, wherever it is unpacked, and its configuration is the default one."""
    unpacking = f"rpm2cpio '{rpm}' | cpio --extract --make-directories --no-absolute-filenames --quiet"
    subprocess.run(["sh", "-c", unpacking], cwd=tmp_path, check=True)
    program = tmp_path / "usr/bin/xelinkd"
    assert said(program, "version").startswith(f"xelinkd {__version__} (Python 3.11")
    assert (tmp_path / CONFIG.lstrip("/")).read_text() == render_default()
    assert "in force" not in said(program, "check", "--config", tmp_path / CONFIG.lstrip("/"))


def test_installed_by_rpm_itself(rpm: Path, tmp_path: Path) -> None:
    """`rpm --install` puts everything into a root, owned by root, with a folder for each that needs one."""
    database = ("--root", tmp_path, "--dbpath", "/var/lib/rpm")
    said("rpm", *database, "--install", "--nodeps", "--noscripts", rpm)
    said("rpm", *database, "--verify", "--nodeps", "--noscripts", "xelinkd")
    assert (tmp_path / "usr/lib/systemd/system/xelinkd.service").is_file()


def test_every_verb_runs(root: Path) -> None:
    """No module that a verb needs was left out."""
    for verb in VERBS:
        assert said(root / "usr/bin/xelinkd", verb, "-h").startswith("usage: xelinkd")


@pytest.mark.parametrize("page", ["man8/xelinkd.8.gz", "man5/xelinkd.toml.5.gz"])
def test_man_pages_are_clean(root: Path, page: str) -> None:
    """Neither of the two programs that show man pages finds anything wrong with ours."""
    file = root / "usr/share/man" / page
    shown = said("man", "--warnings", "--local-file", file)
    assert shown.startswith("XELINKD")  # and no warning before it
    said("mandoc", "-Tlint", "-Wwarning", file)


def test_runs_with_an_older_libm(root: Path, tmp_path: Path) -> None:
    """The program starts where libm does not have what came after glibc 2.34; Debian's Python does not."""
    libm = Path("/lib/x86_64-linux-gnu/libm.so.6").read_bytes()
    (tmp_path / "libm.so.6").write_bytes(libm.replace(b"GLIBC_2.35", b"GLIBC_9.35"))
    environment = {"LD_LIBRARY_PATH": str(tmp_path)}
    for program, status in ((root / "usr/bin/xelinkd", 0), (Path("/usr/bin/python3.11"), 1)):
        done = subprocess.run([program, "--version"], env=environment, capture_output=True, check=False)
        assert done.returncode == status
