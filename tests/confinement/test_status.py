"""What the process that serves the status may not do, tried inside one that has made its promise."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.ports import free_port

from xelinkd.confinement.landlock import NEWEST_ABI, available_abi

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
REFUSED = "PermissionError"
PROMISED = """
import json, os, sys
from support.inside import outcome
from xelinkd.config.schema import Config, Status
from xelinkd.confinement.confine import confine
from xelinkd.confinement.privileges import forgo_new_privileges
from xelinkd.confinement.promises import of_the_status
status, acts = json.loads(sys.argv[1])
child = os.fork()
if child == 0:
    forgo_new_privileges()
    confine(of_the_status(Config(status=Status(**status))))
    print(json.dumps([outcome(*act) for act in acts]), flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""

pytestmark = pytest.mark.skipif(
    available_abi() < NEWEST_ABI, reason=f"this kernel has less than Landlock's ABI {NEWEST_ABI} (Linux 6.12)"
)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Give a server that the process might be after."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def promised(status: dict[str, str], *acts: tuple[str, Any]) -> list[str]:
    """Do acts in a process that has promised what serving the status takes; give what became of each."""
    command = [sys.executable, "-c", PROMISED, json.dumps([status, acts])]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=True, timeout=60)
    outcomes: list[str] = json.loads(done.stdout)
    return outcomes


def test_status_can_do_its_work(tmp_path: Path) -> None:
    """It has its port, its token, the figures of other processes, and asyncio, which it alone loads."""
    token, port = tmp_path / "token", free_port()
    token.write_text("secret")
    outcomes = promised(
        {"listen": f"127.0.0.1:{port}", "token_file": str(token)},
        ("import", "asyncio.events"),
        ("read", str(token)),
        ("bind", port),
        ("look into supervisor", "stat"),
        ("read", f"/proc/{os.getpid()}/status"),
    )
    assert outcomes == ["done"] * 5


def test_status_can_do_nothing_else(tmp_path: Path, listener: socket.socket) -> None:
    """Somebody who takes it over reads and writes no other file, connects nowhere, listens nowhere else."""
    other = tmp_path / "other"
    other.write_text("precious")
    outcomes = promised(
        {"listen": f"127.0.0.1:{free_port()}"},
        ("read", str(other)),
        ("read", "/etc/passwd"),
        ("list", str(tmp_path)),
        ("write", str(other)),
        ("write", str(tmp_path / "new")),
        ("write", "/proc/self/comm"),
        ("look into supervisor", "environ"),
        ("look into supervisor", "mem"),
        ("connect", list(listener.getsockname())),
        ("bind", 0),
        ("execute", "/bin/true"),
        ("signal supervisor", 0),
        ("change root", "/"),
    )
    assert outcomes == [REFUSED] * 13
    assert other.read_text() == "precious"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has the capability that is to be kept")
@pytest.mark.parametrize(("listen", "became"), [("127.0.0.1:997", "done"), ("127.0.0.1:9970", REFUSED)])
def test_status_has_a_low_port_if_that_is_its_own(listen: str, became: str) -> None:
    """As root it listens on port 997 where that is configured, and has no such power where it is not."""
    assert promised({"listen": listen}, ("bind", 997)) == [became]
