"""The service manager, as a socket that hears the real daemon."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.daemon import PATIENCE, wait_until

from xelinkd.supervisor.service_manager import ServiceManager, service_manager

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.daemon import Daemon

    from xelinkd.simulator.server import Simulator


class Manager:
    """A socket as systemd's, and what it heard."""

    def __init__(self, address: str) -> None:
        """Listen."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(PATIENCE)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self.address = address

    def hear_until(self, start: str) -> list[str]:
        """Give what is said, up to a message that begins so."""
        heard = [self._socket.recv(4096).decode()]
        while not heard[-1].startswith(start):
            heard.append(self._socket.recv(4096).decode())
        return heard

    def close(self) -> None:
        """Hear nothing any more."""
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """Give a manager at a path, and one at an abstract address."""
    made = Manager(str(tmp_path / "notify") if request.param == "path" else f"@xelinkd-{os.getpid()}")
    yield made
    made.close()


def test_a_life(daemon: Daemon, manager: Manager, xpum: Simulator) -> None:
    """The manager hears of start, words, reload and stop, in this order, and learns of lost links."""
    daemon.start(env={"NOTIFY_SOCKET": manager.address})
    assert manager.hear_until("READY=1")[-2].startswith("STATUS=6 links since ")
    assert len(daemon.links()) == 6  # ready is: the labels are there
    xpum.set_link("0.0-1.0", up=False)
    manager.hear_until("STATUS=5 links (1 missing) since ")
    another = daemon.config.with_name("another")  # renamed, for a file that is half written is refused
    another.write_text(daemon.text(labels={"min_lanes": 9}))
    another.rename(daemon.config)
    manager.hear_until("RELOADING=1\nMONOTONIC_USEC=")
    manager.hear_until("READY=1")
    assert daemon.links() == set()  # it is in force
    assert daemon.stop() == 0
    manager.hear_until("STOPPING=1")


def test_refused_configuration_is_answered(daemon: Daemon, manager: Manager) -> None:
    """Whoever waits for a reload does not wait for ever, and reads in the status what became of it."""
    daemon.start(env={"NOTIFY_SOCKET": manager.address})
    manager.hear_until("STATUS=6 links")
    daemon.config.write_text("nonsense")
    manager.hear_until("RELOADING=1")
    assert manager.hear_until("READY=1")[-2].startswith("STATUS=")
    os.kill(daemon.pid, signal.SIGHUP)
    manager.hear_until("READY=1")


def test_signs_of_life_end_with_the_pipeline(daemon: Daemon, tmp_path: Path) -> None:
    """A stopped supervisor gives no sign of life, and one that goes on does."""
    manager = Manager(str(tmp_path / "notify"))
    daemon.start(env={"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "400000"})
    manager.hear_until("READY=1")
    manager.hear_until("WATCHDOG=1")
    manager.hear_until("WATCHDOG=1")
    os.kill(daemon.pid, signal.SIGSTOP)
    wait_until(lambda: _state(daemon.pid) == "T", "the stop")
    manager._socket.settimeout(0.0)  # noqa: SLF001  a test's own helper
    with pytest.raises(BlockingIOError):
        manager.hear_until("never said")
    manager._socket.settimeout(PATIENCE)  # noqa: SLF001
    os.kill(daemon.pid, signal.SIGCONT)
    manager.hear_until("WATCHDOG=1")
    manager.close()


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_manager_that_is_gone_costs_no_label(daemon: Daemon, tmp_path: Path) -> None:
    """Nothing depends on who hears."""
    daemon.start(env={"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "100000"})
    daemon.wait_for_links(lambda links: len(links) == 6)
    assert daemon.stop() == 0


def test_environment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers do not learn where the manager listens, and a watchdog for another process is not ours."""
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/notify")
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert service_manager() == ServiceManager("/run/notify", 60.0)
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & os.environ.keys()
    assert service_manager() == ServiceManager()


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("NOTIFY_SOCKET", "vsock:2:1234", ServiceManager()),
        ("WATCHDOG_PID", "1", ServiceManager("@notify")),
        ("WATCHDOG_USEC", "soon", ServiceManager("@notify")),
    ],
)
def test_odd_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: ServiceManager
) -> None:
    """What is not meant for us, or not understood, is as if it were not there."""
    given = {"NOTIFY_SOCKET": "@notify", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "", variable: value}
    for name, text in given.items():
        monkeypatch.setenv(name, text)
    assert service_manager() == expected
