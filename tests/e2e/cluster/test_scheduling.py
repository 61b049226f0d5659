"""What a real scheduler makes of the labels."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from support.cluster import LABEL, NODE
from support.daemon import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.cluster import Cluster
    from support.daemon import Daemon

OTHER = "other-node"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "job"},
    "spec": {"containers": [{"name": "job", "image": "job"}]},
}


def affinity(*expressions: dict[str, object]) -> dict[str, object]:
    """Ask for nodes by their labels."""
    terms = {"nodeSelectorTerms": [{"matchExpressions": list(expressions)}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def test_pod_goes_where_the_links_are(
    cluster: Cluster, node: Daemon, saw: Callable[[str, object], None]
) -> None:
    """A Pod that asks for links waits while no node has any, and then goes to the node that has."""
    cluster.add_node(OTHER)
    spec = {**POD["spec"], "affinity": affinity({"key": LABEL, "operator": "Exists"})}  # type: ignore[dict-item]
    cluster.kubectl("create", "--filename=-", stdin=json.dumps({**POD, "spec": spec}))
    wait_until(lambda: cluster.get("pod", "job")["status"].get("conditions"), "the scheduler's verdict")
    assert "nodeName" not in cluster.get("pod", "job")["spec"]
    began = time.monotonic()
    node.start()
    wait_until(lambda: cluster.get("pod", "job")["spec"].get("nodeName") == NODE, "the Pod on the node")
    saw("a waiting Pod asks for links: placed after xelinkd starts", time.monotonic() - began)
    cluster.kubectl("delete", "pod", "job", "--force", "--grace-period=0")
