"""What a real scheduler makes of the labels."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from support.cluster import NODE
from support.daemon import wait_until
from support.kubernetes import DEPLOYMENTS

from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.cluster import Cluster
    from support.daemon import Daemon

EXAMPLE = DEPLOYMENTS / "examples" / "pod-4-gpus-fully-linked.yaml"


@pytest.fixture
def node_of(cluster: Cluster) -> Iterator[Callable[[], str]]:
    """Create the example's Pod on a cluster of two nodes; give what tells the node it was placed on."""
    cluster.add_node("other-node")
    cluster.kubectl("create", "--filename", EXAMPLE)
    pod = ("pod", "four-linked-gpus")
    wait_until(lambda: cluster.get(*pod)["status"].get("conditions"), "the scheduler's verdict")
    yield lambda: cluster.get(*pod)["spec"].get("nodeName", "")
    cluster.kubectl("delete", *pod, "--force", "--grace-period=0")
    cluster.kubectl("delete", "node", "other-node")


def test_pod_goes_where_gpus_are_linked(
    cluster: Cluster, node: Daemon, node_of: Callable[[], str], saw: Callable[..., None]
) -> None:
    """A Pod that asks for 4 fully linked GPUs waits, and goes to the node that gets them."""
    assert not node_of()
    with serving(parse_machine("4x-max1100")) as xpum:  # two pairs: as many GPUs, not linked to each other
        node.url = xpum.url
        node.configure(labels={"summary": True, "allow_subdeviceless": True})
        node.start()
        wait_until(lambda: cluster.labels().get("gpu.intel.com/xelink-all-linked") == "false", "the summary")
        assert not node_of()
    with serving(parse_machine("8x-max1550")) as xpum:
        node.url = xpum.url
        began = time.monotonic()
        node.configure()
        wait_until(lambda: node_of() == NODE, "the Pod on the node")
        saw("a Pod waits for 4 linked GPUs: placed after the links are there", time.monotonic() - began)
    assert cluster.labels()["gpu.intel.com/xelink-largest-group"] == "8"
