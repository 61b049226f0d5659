"""The whole program, with its labels in an object of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.api_server import DAEMONSET, NODE, ApiServer
from support.daemon import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.daemon import Daemon


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ApiServer]:
    """Give a cluster that answers."""
    with ApiServer(tmp_path).serving() as made:
        yield made


@pytest.fixture
def pod(daemon: Daemon, cluster: ApiServer) -> Daemon:
    """Give a xelinkd that keeps its labels there, not started yet."""
    daemon.configure(sink={"kind": "node-feature"}, node_feature=cluster.settings())
    return daemon


def test_labels_are_in_the_object(pod: Daemon, cluster: ApiServer) -> None:
    """A node's labels come to its NodeFeature object, marked, owned by the DaemonSet, with their end."""
    pod.start()
    wait_until(cluster.labels, f"labels in\n{pod.log.read_text()}")
    found = cluster.object
    assert found
    metadata = found["metadata"]
    assert metadata["labels"] == {
        "nfd.node.kubernetes.io/node-name": NODE,
        "app.kubernetes.io/managed-by": "xelinkd",
    }
    (owner,) = metadata["ownerReferences"]
    assert owner == {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "name": DAEMONSET,
        "uid": "uid-of-the-daemonset",
    }
    assert metadata["annotations"]["xelinkd/lease-end"].endswith("Z")
    assert all(name.startswith("gpu.intel.com/xe-links") for name in found["spec"]["labels"])
    assert cluster.requests() == ["GET nodefeatures", "GET daemonsets", "PATCH nodefeatures"]
    assert not pod.file.exists()
    assert pod.stop() == 0
