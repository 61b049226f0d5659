"""What a pod's token may do on a real API server, with the manifests of deployments/node-feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.api import FEATURES, ask, node_feature
from support.cluster import LABEL, NODE
from support.kubelet import wait_for_pod

if TYPE_CHECKING:
    from support.cluster import Cluster
    from support.kubelet import Pod

OWN = f"xelinkd-for-{NODE}"
FOLDER = FEATURES.format("xelinkd")
DAEMONSETS = "/apis/apps/v1/namespaces/{}/daemonsets"


@pytest.fixture(scope="module")
def token(cluster: Cluster, installed: str) -> str:
    """Give a token as the pod has it, bound to it and to its node."""
    assert installed
    return wait_for_pod(cluster, "app.kubernetes.io/name=xelinkd").token()


def test_rights_are_enough(cluster: Cluster, token: str) -> None:
    """With its rights and the policy, xelinkd can make, read, change and remove its node's object."""
    made = [node_feature(OWN, NODE, {LABEL: value}) for value in ("0.0-1.0", "0.1-1.1")]
    path = f"{FOLDER}/{OWN}"
    assert ask(cluster, token, "PATCH", path, made[0]).status == 201
    assert ask(cluster, token, "PATCH", path, made[1]).status == 200
    assert ask(cluster, token, "GET", path).document["spec"]["labels"] == {LABEL: "0.1-1.1"}
    assert ask(cluster, token, "DELETE", path).status == 200
    assert ask(cluster, token, "GET", f"{DAEMONSETS.format('xelinkd')}/xelinkd").status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", FOLDER),
        ("DELETE", FOLDER),
        ("GET", f"{FEATURES.format('default')}/{OWN}"),
        ("PATCH", f"{FEATURES.format('default')}/{OWN}"),
        ("PUT", f"{FOLDER}/{OWN}"),
        ("GET", DAEMONSETS.format("xelinkd")),
        ("GET", f"{DAEMONSETS.format('xelinkd')}/another"),
        ("DELETE", f"{DAEMONSETS.format('xelinkd')}/xelinkd"),
        ("GET", f"/api/v1/nodes/{NODE}"),
        ("GET", "/api/v1/namespaces/xelinkd/secrets"),
        ("GET", "/api/v1/namespaces/xelinkd/pods"),
        ("GET", "/api/v1/namespaces/xelinkd/configmaps/xelinkd"),
    ],
)
def test_rights_are_no_more(cluster: Cluster, token: str, method: str, path: str) -> None:
    """A xelinkd that is taken over can read and change nothing else of the cluster."""
    made = node_feature(OWN, NODE, {LABEL: ""}) if method in {"PATCH", "PUT"} else None
    assert ask(cluster, token, method, path, made).is_refused_by_rights


@pytest.mark.parametrize(
    "made",
    [
        node_feature("xelinkd-for-other-node", "other-node", {LABEL: "0.0-1.0"}),
        node_feature("xelinkd-for-other-node", NODE, {LABEL: "0.0-1.0"}),
        node_feature(OWN, "other-node", {LABEL: "0.0-1.0"}),
        node_feature(OWN, NODE, {"feature.node.kubernetes.io/anything": "true"}),
        {
            **node_feature(OWN, NODE, {LABEL: "0.0-1.0"}),
            "spec": {"labels": {}, "features": {"flags": {"cpu.cpuid": {"elements": {"AVX": {}}}}}},
        },
        {
            **node_feature(OWN, NODE, {LABEL: "0.0-1.0"}),
            "spec": {"features": {"attributes": {"kernel.version": {"elements": {"full": "1"}}}}},
        },
    ],
    ids=[
        "of another node",
        "under another name",
        "with another node's label",
        "with other labels",
        "with flags that rules go by",
        "with attributes that rules go by",
    ],
)
def test_policy_refuses(cluster: Cluster, token: str, made: dict[str, dict[str, str]]) -> None:
    """A xelinkd that is taken over can label its own node only, and with its own labels only."""
    path = f"{FOLDER}/{made['metadata']['name']}"
    assert ask(cluster, token, "PATCH", path, made).is_refused_by_policy
    assert ask(cluster, token, "POST", FOLDER, made).is_refused_by_policy


def test_policy_keeps_what_is_of_another_node(cluster: Cluster, token: str) -> None:
    """A xelinkd that is taken over cannot take another node's labels away."""
    name = "xelinkd-for-other-node"
    path = f"{FOLDER}/{name}"
    assert ask(cluster, "admin", "PATCH", path, node_feature(name, "other-node", {LABEL: "1"})).status == 201
    assert ask(cluster, token, "DELETE", path).is_refused_by_policy
    assert ask(cluster, "admin", "DELETE", path).status == 200


def test_policy_refuses_a_token_of_no_pod(cluster: Cluster, pod: Pod) -> None:
    """A token that somebody has made for the account, bound to no pod, labels no node."""
    loose = cluster.kubectl("create", "token", "xelinkd", pod.where[1]).strip()
    path = f"{FOLDER}/{OWN}"
    assert ask(cluster, loose, "PATCH", path, node_feature(OWN, NODE, {LABEL: "1"})).is_refused_by_policy


def test_policy_is_for_xelinkd_alone(cluster: Cluster) -> None:
    """Whoever else keeps NodeFeature objects, NFD's workers among them, does so as before."""
    path = f"{FEATURES.format('default')}/anything"
    made = node_feature("anything", "some-node", {"feature.node.kubernetes.io/a": "b"}, "default")
    worker = cluster.kubectl("create", "token", "nfd-worker", "--namespace=node-feature-discovery").strip()
    assert ask(cluster, "admin", "PATCH", path, made).status == 201
    assert ask(cluster, "admin", "DELETE", path).status == 200
    there = made | {"metadata": {**made["metadata"], "namespace": "node-feature-discovery"}}  # type: ignore[dict-item]
    path = FEATURES.format("node-feature-discovery")
    assert ask(cluster, worker, "POST", path, there).status == 201
    assert ask(cluster, "admin", "DELETE", f"{path}/anything").status == 200


def test_sweeper_may_list_and_delete(cluster: Cluster) -> None:
    """The sweeper's account can remove objects of its namespace, and make or change none."""
    sweeper = cluster.kubectl("create", "token", "xelinkd-sweeper", "--namespace=xelinkd").strip()
    path = f"{FOLDER}/{OWN}"
    made = node_feature(OWN, NODE, {LABEL: "1"})
    assert ask(cluster, sweeper, "PATCH", path, made).is_refused_by_rights
    assert ask(cluster, "admin", "PATCH", path, made).status == 201
    assert ask(cluster, sweeper, "GET", FOLDER).status == 200
    assert ask(cluster, sweeper, "DELETE", path).status == 200
    assert ask(cluster, sweeper, "GET", "/api/v1/nodes").is_refused_by_rights
