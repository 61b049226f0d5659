"""What a real API server says of the manifests; it knows cert-manager's and the Prometheus operator's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.kubernetes import (
    DEPLOYMENTS,
    KUSTOMIZATIONS,
    PATCH,
    XPU_MANAGER,
    containers,
    documents,
    of_kind,
    templated,
)

if TYPE_CHECKING:
    from pathlib import Path

    from support.cluster import Cluster

VALUES = sorted((DEPLOYMENTS.parent / "tests" / "e2e" / "manifests" / "values").glob("*.yaml"))
NAMESPACES = ("monitoring", "xelinkd", "xelinkd-simulated")
# OpenShift's own resource has no module to take it from: a stand-in that takes every field.
CONSTRAINTS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {
        "name": "securitycontextconstraints.security.openshift.io",
        "annotations": {"api-approved.kubernetes.io": "unapproved, a stand-in"},
    },
    "spec": {
        "group": "security.openshift.io",
        "names": {"kind": "SecurityContextConstraints", "plural": "securitycontextconstraints"},
        "scope": "Cluster",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
                },
            }
        ],
    },
}


@pytest.fixture(scope="module", autouse=True)
def resources(cluster: Cluster) -> None:
    """Give the cluster what the manifests build on."""
    cluster.kubectl("apply", "--server-side", "--filename", cluster.programs / "crds")
    cluster.kubectl("apply", "--filename=-", stdin=json.dumps(CONSTRAINTS))
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    for name in NAMESPACES:
        cluster.kubectl("create", "namespace", name, check=False)  # it may be there


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_cluster_takes_the_kustomization(name: str, cluster: Cluster, deployments: Path) -> None:
    """A real API server takes all that it makes, without a warning about a field."""
    made = cluster.kubectl("kustomize", deployments / name)
    cluster.kubectl("apply", "--dry-run=server", "--validate=strict", "--filename=-", stdin=made)


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_cluster_takes_the_chart(values: Path, cluster: Cluster) -> None:
    """A real API server takes the chart's objects with each of these values."""
    made = templated(values)
    cluster.kubectl("apply", "--dry-run=server", "--validate=strict", "--filename=-", stdin=made)


@pytest.mark.parametrize(
    "example", sorted((DEPLOYMENTS / "examples").glob("*.yaml")), ids=lambda path: path.stem
)
def test_cluster_takes_the_example(example: Path, cluster: Cluster) -> None:
    """A real API server takes the example."""
    cluster.kubectl("apply", "--dry-run=server", "--validate=strict", "--filename", example)


def test_patch_adds_the_sidecar_and_nothing_else(cluster: Cluster) -> None:
    """Patched, XPU Manager's DaemonSet has the sidecar and its volumes, and all else as before."""
    cluster.kubectl("apply", "--namespace=monitoring", "--filename", XPU_MANAGER)
    what = ("daemonset", "intel-xpumanager", "--namespace=monitoring")
    before = cluster.get(*what)
    cluster.kubectl("patch", *what, "--patch-file", PATCH)
    after = cluster.get(*what)
    assert set(containers(after)) - set(containers(before)) == {"xelink-sidecar"}
    assert without_sidecar(after) == without_sidecar(before)


def test_pod_without_the_nodes_network_is_restricted(cluster: Cluster, deployments: Path) -> None:
    """With labels in objects, and a network of its own, the pod satisfies the strictest standard for pods."""
    made = documents(cluster.kubectl("kustomize", deployments / "examples" / "node-feature"))
    daemonset = of_kind("DaemonSet", made)
    for probe in ("livenessProbe", "readinessProbe"):
        del containers(daemonset)["xelinkd"][probe]["httpGet"]["host"]
    spec = daemonset["spec"]["template"]["spec"] | {"hostNetwork": False}
    metadata = {"name": "restricted", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
    cluster.kubectl("create", "--filename=-", stdin=document("Namespace", metadata))
    cluster.kubectl("create", "serviceaccount", "xelinkd", "--namespace=restricted")
    pod = document("Pod", {"name": "xelinkd", "namespace": "restricted"}, spec=spec)
    cluster.kubectl("create", "--dry-run=server", "--filename=-", stdin=pod)


@pytest.mark.parametrize(
    ("example", "ours"), [("node-feature", "xelinkd"), ("node-feature-sidecar", "xelink-sidecar")]
)
def test_admitted_pod_has_one_token(example: str, ours: str, cluster: Cluster, deployments: Path) -> None:
    """In a pod that the API server has admitted no container but ours has a token."""
    daemonset = of_kind(
        "DaemonSet", documents(cluster.kubectl("kustomize", deployments / "examples" / example))
    )
    namespace = daemonset["metadata"]["namespace"]
    cluster.kubectl("create", "serviceaccount", "xelinkd", f"--namespace={namespace}", check=False)
    asked = document(
        "Pod", {"name": "asked", "namespace": namespace}, spec=daemonset["spec"]["template"]["spec"]
    )
    made = json.loads(
        cluster.kubectl("create", "--dry-run=server", "--output=json", "--filename=-", stdin=asked)
    )
    tokens = {
        volume["name"] for volume in made["spec"]["volumes"] if "serviceAccountToken" in json.dumps(volume)
    }
    mounted = {
        (container["name"], mount["name"])
        for container in made["spec"]["containers"]
        for mount in container.get("volumeMounts", [])
    }
    assert [name for name, volume in mounted if volume in tokens] == [ours]


def document(kind: str, metadata: dict[str, Any], **more: object) -> str:
    """Write an object of Kubernetes' core."""
    return json.dumps({"apiVersion": "v1", "kind": kind, "metadata": metadata, **more})


def without_sidecar(daemonset: dict[str, Any]) -> dict[str, Any]:
    """Give a DaemonSet's specification without the sidecar and the volumes that it alone mounts."""
    spec: dict[str, Any] = json.loads(json.dumps(daemonset["spec"]))
    pod = spec["template"]["spec"]
    pod["containers"] = [each for each in pod["containers"] if each["name"] != "xelink-sidecar"]
    mounted = {mount["name"] for each in pod["containers"] for mount in each.get("volumeMounts", [])}
    pod["volumes"] = [volume for volume in pod["volumes"] if volume["name"] in mounted]
    return spec
