"""The manifests for labels in NodeFeature objects, as kubectl and helm make them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.kubernetes import (
    CHART,
    DEPLOYMENTS,
    Document,
    containers,
    documents,
    kustomized,
    of_kind,
    ours,
    run,
    templated,
)

from xelinkd.config.schema import Labels
from xelinkd.model.node_feature import NODE_NAME, Identity

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUES = Path(__file__).parent / "values" / "node-feature.yaml"
POLICY = DEPLOYMENTS / "node-feature" / "policy.yaml"
CREDENTIALS = "/var/run/secrets/kubernetes.io/serviceaccount"
SHAPES = ["examples/node-feature", "examples/node-feature-sidecar"]
PROGRAM = {"examples/node-feature": "xelinkd", "examples/node-feature-sidecar": "xelink-sidecar"}


def named(found: list[Document], kind: str, name: str) -> Document:
    """Give the one object of a kind and a name."""
    (document,) = [each for each in found if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return document


def of_token(pod: dict[str, Any]) -> set[str]:
    """Give the volumes of a pod that have a token."""
    return {
        volume["name"]
        for volume in pod["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        if "serviceAccountToken" in source
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_pod_takes_no_folder_and_no_root(shape: str, deployments: Path) -> None:
    """Nothing of ours is on the node's disk, and xelinkd is a user without any right."""
    daemonset = of_kind("DaemonSet", kustomized(deployments / shape))
    pod = daemonset["spec"]["template"]["spec"]
    container = containers(daemonset)[PROGRAM[shape]]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert not [volume for volume in pod["volumes"] if volume["name"] in mounted and "hostPath" in volume]
    assert "features-d" not in {volume["name"] for volume in pod["volumes"]}
    assert container["securityContext"] == {
        "runAsUser": 65534,
        "runAsNonRoot": True,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_token_is_in_our_container_alone(shape: str, deployments: Path) -> None:
    """No other container of the pod gets a token by it, and none of ours is left there for nothing."""
    daemonset = of_kind("DaemonSet", kustomized(deployments / shape))
    pod = daemonset["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    (volume,) = of_token(pod)
    where = {
        name: mount["mountPath"]
        for name, container in containers(daemonset).items()
        for mount in container.get("volumeMounts", [])
        if mount["name"] == volume
    }
    assert where == {PROGRAM[shape]: CREDENTIALS}


@pytest.mark.parametrize("shape", SHAPES)
def test_objects_are_of_the_daemonset_that_is_there(shape: str, deployments: Path) -> None:
    """The owner that xelinkd is told of is the DaemonSet that it is in, and it may ask for that one."""
    found = kustomized(deployments / shape)
    daemonset = of_kind("DaemonSet", found)
    name = daemonset["metadata"]["name"]
    env = {each["name"]: each for each in containers(daemonset)[PROGRAM[shape]]["env"]}
    assert env["XELINKD_DAEMONSET"]["value"] == name
    assert env["NODE_NAME"]["valueFrom"]["fieldRef"]["fieldPath"] == "spec.nodeName"
    rules = {rule["resources"][0]: rule for rule in named(found, "Role", "xelinkd")["rules"]}
    assert rules["daemonsets"]["resourceNames"] == [name]
    (subject,) = named(found, "RoleBinding", "xelinkd")["subjects"]
    account = daemonset["spec"]["template"]["spec"]["serviceAccountName"]
    assert (subject["name"], subject["namespace"]) == (account, daemonset["metadata"]["namespace"])


def test_both_shapes_are_the_same_container(deployments: Path) -> None:
    """Both ways to run xelinkd differ in the DaemonSet's name, and in what one pod has to itself."""
    own = {"name", "args", "readinessProbe"}
    one, other = (
        containers(of_kind("DaemonSet", kustomized(deployments / shape)))[PROGRAM[shape]] for shape in SHAPES
    )
    assert without(one, own) == json.loads(
        json.dumps(without(other, own)).replace('"intel-xpumanager"', '"xelinkd"')
    )


def without(container: Document, keys: set[str]) -> Document:
    """Leave out some keys."""
    return {key: container[key] for key in container.keys() - keys}


def test_sidecar_changes_nothing_else_of_xpu_manager(deployments: Path) -> None:
    """XPU Manager's own containers and volumes are as in the overlay `http`."""
    before, after = (
        of_kind("DaemonSet", kustomized(deployments / name))
        for name in ("overlays/http", "examples/node-feature-sidecar")
    )
    assert without(containers(after), {"xelink-sidecar"}) == without(containers(before), {"xelink-sidecar"})
    volumes = [
        [volume for volume in each["spec"]["template"]["spec"]["volumes"] if volume["name"] not in ours_alone]
        for each, ours_alone in ((before, {"features-d"}), (after, {"api-access"}))
    ]
    assert volumes[0] == volumes[1]


def test_example_without_xpu_manager_and_without_a_file(deployments: Path) -> None:
    """With Level Zero, too, no folder of the node is in the pod."""
    daemonset = of_kind("DaemonSet", kustomized(deployments / "examples" / "level-zero-node-feature"))
    pod = daemonset["spec"]["template"]["spec"]
    assert not [volume for volume in pod["volumes"] if "hostPath" in volume]
    limits = containers(daemonset)["xelinkd"]["resources"]["limits"]
    assert limits["gpu.intel.com/i915_monitoring"] == 1


def of_chart() -> list[Document]:
    """Give the objects of the chart with NodeFeature objects and the policy."""
    return documents(templated(VALUES))


def plain(document: Document) -> Document:
    """Leave out what helm and kustomize say about themselves."""
    bare: Document = {key: value for key, value in document.items() if key != "metadata"}
    return bare


def test_chart_gives_the_rights_of_the_manifests(deployments: Path) -> None:
    """Rights, sweeper and pods are the same, however xelinkd is installed."""
    chart, manifests = of_chart(), kustomized(deployments / "examples" / "node-feature")
    for kind, name in (
        ("Role", "xelinkd"),
        ("RoleBinding", "xelinkd"),
        ("Role", "xelinkd-sweeper"),
        ("RoleBinding", "xelinkd-sweeper"),
    ):
        assert plain(named(chart, kind, name)) == plain(named(manifests, kind, name))
    one, other = (pods_of(found) for found in (chart, manifests))
    assert one == other


def pods_of(found: list[Document]) -> list[tuple[Any, ...]]:
    """Give what the containers of ours are, but for what helm writes in another way."""
    return sorted(_of_containers(found), key=str)


def _of_containers(found: list[Document]) -> Iterator[tuple[Any, ...]]:
    for pod, container in ours(found):
        kept = {
            key: container[key] for key in ("name", "args", "securityContext", "resources", "volumeMounts")
        }
        projected = [volume for volume in pod["volumes"] if "projected" in volume]
        yield (
            kept,
            container.get("env"),
            projected,
            pod["serviceAccountName"],
            pod["automountServiceAccountToken"],
        )


def test_chart_has_the_policy_of_the_manifests() -> None:
    """The policy is the same, for the account of the release by its name."""
    (plain_one, _) = documents(POLICY.read_text())
    made = of_kind("ValidatingAdmissionPolicy", of_chart())["spec"]
    (condition,) = made["matchConditions"]
    assert condition["expression"] == "request.userInfo.username == 'system:serviceaccount:xelinkd:xelinkd'"
    wanted = plain_one["spec"]
    assert made | {"matchConditions": []} == wanted | {"matchConditions": []}


def test_chart_makes_what_is_asked_for(tmp_path: Path) -> None:
    """Without a schedule there is no sweeper, and without being told no object of the whole cluster."""
    values = tmp_path / "values.yaml"
    values.write_text("config: {sink: {kind: node-feature}}\nnodeFeature: {sweeperSchedule: ''}\n")
    kinds = {document["kind"] for document in documents(templated(values))}
    assert kinds == {"ServiceAccount", "Role", "RoleBinding", "ConfigMap", "DaemonSet"}


def test_chart_refuses_objects_in_another_namespace() -> None:
    """Objects that the garbage collector would remove at once are refused before anything is installed."""
    settings = "config.sink.kind=node-feature,config.node_feature.namespace=elsewhere"
    done = run("helm", "template", "xelinkd", CHART, "--namespace", "xelinkd", "--set", settings)
    assert done.returncode != 0
    assert "config.node_feature.namespace" in done.stderr


def test_policy_names_things_as_xelinkd_does() -> None:
    """Objects, their label and the node's labels are called in the policy as the program calls them."""
    text = POLICY.read_text()
    assert f"'{Identity('', '').name}' + variables.node" in text
    assert f"[?'{NODE_NAME}']" in text
    assert f"startsWith('{Labels().namespace}/')" in text
