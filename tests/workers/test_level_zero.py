"""The daemon on a node without XPU Manager: Level Zero is asked."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.daemon import Daemon, children, wait_until

from standins.level_zero import Node, state_of
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.server import Simulator, serving
from xelinkd.sources.level_zero.source import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Iterator

MACHINE = parse_machine("4x-max1550")
NOBODY = {"url": "http://127.0.0.1:1/metrics", "rest_url": "https://127.0.0.1:1/rest/v1/topology/xelink"}


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """Give the node."""
    return Node(tmp_path / "level-zero", MACHINE)


@pytest.fixture
def xpum() -> Iterator[Simulator]:
    """Give an XPU Manager on the same node."""
    with serving(MACHINE) as simulator:
        yield simulator


@pytest.fixture
def daemon(tmp_path: Path, node: Node, xpum: Simulator) -> Iterator[Daemon]:
    """Give a xelinkd that asks Level Zero, not started yet."""
    made = Daemon(tmp_path, xpum.url, env=dict(node.env))
    made.configure(source={"kind": "level-zero"})
    yield made
    made.close()


def readers(daemon: Daemon) -> list[int]:
    """Give the processes that ask Level Zero just now."""
    return children(daemon.workers().get("fetcher", 0))


def has_library(pid: int) -> bool:
    """Tell whether a process has loaded the library."""
    return LIBRARY in Path(f"/proc/{pid}/maps").read_text()


def test_labels_are_those_of_the_page(daemon: Daemon, node: Node, xpum: Simulator) -> None:
    """From XPU Manager to Level Zero and back, not one byte of the labels changes, and links follow."""
    daemon.configure(source={"kind": "metrics"})
    daemon.start().wait_for_links(bool)
    before = daemon.labels()
    daemon.configure(source={"kind": "level-zero"})
    daemon.wait_for("config_applied")
    xpum.stop()
    node.tell(MACHINE.with_link("0.0-1.0", up=False))
    daemon.wait_for_links(lambda links: "0.0-1.0" not in links)
    node.tell(MACHINE)
    daemon.wait_for_links(lambda links: "0.0-1.0" in links)
    daemon.wait_for("labels_changed", times=3)
    assert daemon.labels() == before
    assert len(daemon.events("labels_changed")) == 3


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("zesFabricPortGetState crash", "driver_crashed"),
        ("zesDeviceGet hang", "timeout"),
        ("zesFabricPortGetProperties garbage", "malformed"),
        ("zesDeviceEnumFabricPorts error 0x70000001", "driver_error"),
    ],
)
def test_a_faulty_driver_costs_no_label_and_no_worker(
    daemon: Daemon, node: Node, fault: str, reason: str
) -> None:
    """Whatever the driver does, the labels stay, nobody is replaced, and it is known again afterwards."""
    daemon.configure(source={"deadline": "500ms"})
    before = daemon.start().wait_for_links(bool)
    workers = daemon.wait_for_workers()
    node.tell(MACHINE, fault)
    wait_until(lambda: reason in {event["reason"] for event in daemon.events("topology_unknown")}, reason)
    assert daemon.links() == before
    node.tell(MACHINE)
    daemon.wait_for("topology_known_again")
    assert (daemon.links(), daemon.workers()) == (before, workers)


def test_no_ports_are_not_no_links(daemon: Daemon, node: Node) -> None:
    """Level Zero that shows no port any more, and calls it a success, wipes no label."""
    before = daemon.start().wait_for_links(bool)
    node.write([line for line in state_of(MACHINE) if not line.startswith("port")])
    assert daemon.wait_for("topology_unknown")["reason"] == "no_ports"
    assert daemon.links() == before


def test_the_driver_is_loaded_by_nobody_who_stays(daemon: Daemon, node: Node) -> None:
    """The library is in the short-lived process, and in none of the daemon's own."""
    daemon.configure(source={"deadline": "60s"}, supervision={"heartbeat_deadline": "90s"})
    daemon.start().wait_for_links(bool)
    node.tell(MACHINE, "zesDeviceGet hang")
    (reader,) = wait_until(
        lambda: [pid for pid in readers(daemon) if has_library(pid)], "a process that hangs"
    )
    assert not any(map(has_library, (daemon.pid, *daemon.workers().values())))
    daemon.stop()
    wait_until(lambda: not Path(f"/proc/{reader}").exists(), "the end of the process that hangs")


def test_a_killed_fetcher_takes_the_hanging_driver_with_it(daemon: Daemon, node: Node) -> None:
    """A pipeline that is replaced leaves nobody behind who asks on; the labels stay."""
    daemon.configure(source={"deadline": "60s"}, supervision={"heartbeat_deadline": "90s"})
    before = daemon.start().wait_for_links(bool)
    node.tell(MACHINE, "zesDeviceGet hang")
    (reader,) = wait_until(
        lambda: [pid for pid in readers(daemon) if has_library(pid)], "a process that hangs"
    )
    fetcher = daemon.workers()["fetcher"]
    os.kill(fetcher, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{reader}").exists(), "the end of the process that hangs")
    assert daemon.links() == before


def test_auto_takes_level_zero_where_nobody_else_answers(daemon: Daemon, xpum: Simulator) -> None:
    """A node without XPU Manager has its labels with the first look, and the choice is told once."""
    daemon.configure(source={"kind": "auto", **NOBODY})
    daemon.start().wait_for_links(lambda links: len(links) == len(MACHINE.links))
    wait_until(lambda: len(daemon.events("topology_unknown")) == 0 and daemon.links(), "labels")
    chosen = daemon.events("source_chosen")
    assert [event["address"] for event in chosen] == [f"Level Zero ({LIBRARY})"]
    assert "refused: https://127.0.0.1:1/" in chosen[0]["because"]
    assert xpum.scrapes == 0


def test_auto_changes_to_level_zero_without_a_change_of_labels(daemon: Daemon, xpum: Simulator) -> None:
    """When XPU Manager is taken away for good, the labels do not change, and the new choice is one event."""
    daemon.configure(source={"kind": "auto", "rest_url": NOBODY["rest_url"]})
    before = daemon.start().wait_for_links(bool)
    xpum.stop()
    wait_until(lambda: len(daemon.events("source_chosen")) == 2, "another choice")
    xpum.start()
    daemon.wait_for("topology_known_again")
    assert daemon.links() == before
    addresses = [event["address"] for event in daemon.events("source_chosen")]
    assert addresses == [xpum.url, f"Level Zero ({LIBRARY})"]
    assert len(daemon.events("labels_changed")) == 1
