"""What the process that serves the status may not do, tried inside a real one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.acting import REFUSED, act, needs_landlock
from support.ports import free_port

if TYPE_CHECKING:
    import socket

    from support.daemon import Daemon

pytestmark = needs_landlock


@pytest.fixture
def served(node: Daemon) -> Daemon:
    """Give a configuration with a status."""
    return node.serve_status()


def port_of(served: Daemon) -> int:
    """Give the port of the status."""
    return int(served.listen.rpartition(":")[2])


def test_status_can_do_its_work(served: Daemon) -> None:
    """It has its port, its token, the figures of other processes, and asyncio, which it alone loads."""
    token = served.folder / "token"
    token.write_text("secret")
    served.configure(status={"token_file": str(token)})
    outcomes = act(
        served,
        "status",
        ("import", "asyncio.events"),
        ("read", str(token)),
        ("bind", port_of(served)),
        ("look into supervisor", "stat"),
        ("read", "/proc/SIBLING/stat"),
        ("read", "/proc/SIBLING/statm"),
    )
    assert outcomes == ["done"] * 6


def test_status_writes_nowhere(served: Daemon) -> None:
    """One that is taken over can write, truncate, make, move or remove no file anywhere."""
    secret, other = str(served.folder / "secret"), str(served.features / "other.txt")
    outcomes = act(
        served,
        "status",
        ("write", str(served.file)),
        ("write", f"{served.folder}/elsewhere/file"),
        ("write", secret),
        ("write", "/proc/self/comm"),
        ("truncate", other),
        ("remove", other),
        ("make folder", f"{served.features}/folder"),
        ("link", f"{served.features}/link"),
    )
    assert outcomes == [REFUSED] * 8


def test_status_reads_only_its_own(served: Daemon) -> None:
    """It reads no file that is not named for it: the configuration and the feature file neither."""
    outcomes = act(
        served,
        "status",
        ("read", str(served.folder / "secret")),
        ("read", str(served.config)),
        ("read", str(served.features / "other.txt")),
        ("read", "/etc/passwd"),
        ("list", str(served.folder)),
    )
    assert outcomes == [REFUSED] * 5


def test_status_looks_into_no_other_process(served: Daemon) -> None:
    """Of supervisor and siblings it reads neither environment nor memory nor open files, and signals none."""
    outcomes = act(
        served,
        "status",
        ("look into supervisor", "environ"),
        ("look into supervisor", "mem"),
        ("signal supervisor", 0),
        ("read", "/proc/SIBLING/environ"),
        ("read", "/proc/SIBLING/mem"),
        ("read", "/proc/SIBLING/maps"),
        ("read", "/proc/SIBLING/fd/0"),
        ("read", "/proc/SIBLING/fd/1"),
        ("signal", "SIBLING"),
    )
    assert outcomes == [REFUSED] * 9


def test_status_has_no_other_power(served: Daemon, source: socket.socket, listener: socket.socket) -> None:
    """It connects nowhere, not even to the source, listens on no other port, and executes nothing."""
    outcomes = act(
        served,
        "status",
        ("connect", list(source.getsockname())),
        ("connect", list(listener.getsockname())),
        ("bind", 0),
        ("bind", free_port()),
        ("execute", "/bin/true"),
        ("change root", "/"),
    )
    assert outcomes == [REFUSED] * 6


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has the capability that is to be kept")
@pytest.mark.parametrize(("listen", "became"), [("127.0.0.1:997", "done"), ("127.0.0.1:9970", REFUSED)])
def test_status_has_a_low_port_if_that_is_its_own(node: Daemon, listen: str, became: str) -> None:
    """As root it listens on port 997 where that is configured, and has no such power where it is not."""
    node.configure(status={"listen": listen})
    assert act(node, "status", ("bind", 997)) == [became]
