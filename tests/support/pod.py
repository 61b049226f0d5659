"""Pods by `podman play kube`, from what is meant for a DaemonSet."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from support.image import IMAGE
from support.kubernetes import Document, configuration, of_kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NODE = "node-1"


def pod_of(found: list[Document], folder: Path) -> Document:
    """Make a Pod of the DaemonSet in a set of documents, as the kubelet of a node would.

    podman 4.3 takes no DaemonSet, no `fieldRef: spec.nodeName`, no optional secret, no ports in the host's
    network, and asks httpGet probes by a `curl` in the container. So host paths and mounted objects become
    folders below `folder`; ports are left out, and so are the probes, for the tests to ask.
    """
    template = deepcopy(of_kind("DaemonSet", found)["spec"]["template"])
    spec = template["spec"]
    for volume in spec["volumes"]:
        _fill(volume, found, folder)
    for container in spec["containers"]:
        container["env"] = list(map(_resolved, container.get("env", [])))
        for refused in ("ports", "livenessProbe", "readinessProbe", "startupProbe"):
            container.pop(refused, None)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod", "labels": template["metadata"]["labels"]},
        "spec": spec,
    }


def _fill(volume: Document, found: list[Document], folder: Path) -> None:
    """Put a volume into a folder, with what the kubelet would put there."""
    place = folder / volume["name"]
    place.mkdir()
    if "configMap" in volume:
        (place / "xelinkd.toml").write_text(configuration(found))
    name = volume["name"]
    volume.clear()
    volume |= {"name": name, "hostPath": {"path": str(place), "type": "Directory"}}


def _resolved(variable: Document) -> Document:
    if variable.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath") == "spec.nodeName":
        return {"name": variable["name"], "value": NODE}
    return variable


def with_simulator(pod: Document) -> Document:
    """Put a simulator in the place of all containers that are not of our image."""
    made = deepcopy(pod)
    ours = [one for one in made["spec"]["containers"] if IMAGE.endswith(one["image"])]
    simulator = {
        "name": "simulator",
        "image": IMAGE,
        "args": ["simulate", "3x2"],
        "securityContext": {"runAsUser": 65534, "readOnlyRootFilesystem": True},
    }
    made["spec"]["containers"] = [*ours, simulator]
    mounted = {mount["name"] for one in ours for mount in one["volumeMounts"]}
    made["spec"]["volumes"] = [volume for volume in made["spec"]["volumes"] if volume["name"] in mounted]
    return made


def probes(found: list[Document]) -> Iterator[str]:
    """Give what the kubelet asks our containers, as URLs."""
    for container in of_kind("DaemonSet", found)["spec"]["template"]["spec"]["containers"]:
        for name in ("livenessProbe", "readinessProbe"):
            if IMAGE.endswith(container["image"]) and name in container:
                asked: dict[str, Any] = container[name]["httpGet"]
                yield f"http://{asked.get('host', '127.0.0.1')}:{asked['port']}{asked['path']}"


def manifest(pod: Document) -> str:
    """Write a manifest; JSON is YAML."""
    return json.dumps(pod, indent=1)
