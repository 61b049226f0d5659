"""What becomes of a node's labels, from XPU Manager's page to the API server."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest
from support.cluster import LABEL, NODE
from support.daemon import Daemon, wait_until

from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.cluster import Cluster

    from xelinkd.simulator.server import Simulator

    Saw = Callable[..., None]

INTELS_CHECK: Final = (  # as Intel's documentation has it
    "{range .items[*]}{.metadata.name},{.metadata.labels.gpu\\.intel\\.com\\/xe-links}{'\\n'}{end}"
)


def since(began: float) -> float:
    """Give the seconds since then."""
    return time.monotonic() - began


def test_intels_check_prints_the_links(cluster: Cluster, node: Daemon, saw: Saw) -> None:
    """The check of the Intel sidecar's documentation prints the node and its links."""
    began = time.monotonic()
    node.start()
    wait_until(cluster.labels, "labels on the node")
    saw("xelinkd starts: label on the node", since(began))
    printed = cluster.kubectl("get", "nodes", "-A", f"-o=jsonpath={INTELS_CHECK}")
    assert f"{NODE},{','.join(node.labels()).partition('=')[2]}" in printed.splitlines()
    assert node.labels() == [f"{LABEL}={cluster.labels()[LABEL]}"]


def test_links_of_eight_gpus_are_all_there(cluster: Cluster, node: Daemon) -> None:
    """The links of a big node come through in several labels, which joined are the whole, in order."""
    with serving(parse_machine("8x-max1550")) as xpum:
        node.url = xpum.url
        node.configure()
        node.start()
        node.wait_for("labels_changed")
        whole = "".join(line.partition("=")[2].removeprefix("Z") for line in node.labels()).split("_")
        assert cluster.wait_for_links(lambda links: len(links) == len(xpum.machine.links)) == whole


def test_node_follows_a_link(cluster: Cluster, node: Daemon, xpum: Simulator, saw: Saw) -> None:
    """A link that fails leaves the node's label, and is there again when it is back."""
    node.start()
    (lost, *_) = cluster.wait_for_links(lambda links: len(links) == 6)
    began = time.monotonic()
    xpum.set_link(lost, up=False)
    cluster.wait_for_links(lambda links: lost not in links)
    saw("a link fails: gone from the node", since(began))
    xpum.set_link(lost, up=True)
    cluster.wait_for_links(lambda links: lost in links)


@pytest.mark.parametrize("fault", ["stopped", "error-500", "no-topology"])
def test_labels_stay_while_xpu_manager_fails(
    cluster: Cluster, node: Daemon, xpum: Simulator, fault: str
) -> None:
    """Labels stay on the node while XPU Manager is gone or answers with errors."""
    node.start()
    cluster.wait_for_links(lambda links: len(links) == 6)
    xpum.stop() if fault == "stopped" else xpum.set_mode(fault)
    node.wait_for("topology_unknown")
    assert [len(links) for links in looks_of_nfd(cluster, 3)] == [6, 6, 6]


def looks_of_nfd(cluster: Cluster, times: int) -> list[list[str]]:
    """Give the node's links after each of some passes of NFD's worker, which logs that it looks."""
    log = cluster.folder / "nfd-worker.log"
    looks = []
    for _ in range(times):
        length = log.stat().st_size
        wait_until(partial(_grown, log, length), "NFD's next look")
        looks.append(cluster.links())
    return looks


def _grown(log: Path, length: int) -> bool:
    return log.stat().st_size > length


def test_labels_end_with_the_lease(cluster: Cluster, node: Daemon, saw: Saw) -> None:
    """After kill -9 of all of xelinkd, for good, the labels leave the node at the end of their lease."""
    node.configure(
        source={"interval": "200ms", "deadline": "400ms"},
        feature_file={"lease": "6s"},
    )
    node.start()
    cluster.wait_for_links(lambda links: len(links) == 6)
    for pid in [node.pid, *node.wait_for_workers().values()]:
        os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    assert cluster.labels()
    wait_until(lambda: not cluster.labels(), "the end of the lease")
    saw("kill -9 for good, lease 6 s: labels gone", since(began))


def test_removed_when_told(cluster: Cluster, node: Daemon, saw: Saw) -> None:
    """With on_exit = "remove" the labels leave the node when xelinkd is told to end."""
    node.configure(feature_file={"on_exit": "remove"})
    node.start()
    cluster.wait_for_links(lambda links: len(links) == 6)
    began = time.monotonic()
    assert node.stop() == 0
    wait_until(lambda: not cluster.labels(), "a node without labels")
    saw('xelinkd ends, on_exit = "remove": labels gone', since(began))
