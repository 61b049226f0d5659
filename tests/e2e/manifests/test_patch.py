"""The sidecar in an XPU Manager that is there already: what the patch adds, and that it adds nothing else."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from support.kubernetes import PATCH, XPU_MANAGER, Document, containers, documents, patched

(BEFORE,) = documents(XPU_MANAGER.read_text())
(OURS,) = documents(PATCH.read_text())
SIDECAR = "xelink-sidecar"
VOLUMES = {"features-d", "xelinkd-config", "xelinkd-status"}

# What Intel's sidecar is in the pod: names, paths and flags of its overlay `http`, and flags of a site.
INTEL = {
    "name": SIDECAR,
    "image": "intel/intel-xpumanager-sidecar:0.37.0",
    "imagePullPolicy": "IfNotPresent",
    "args": ["-v=2", "-lane-count=8"],
    "volumeMounts": [
        {"name": "features-d", "mountPath": "/etc/kubernetes/node-feature-discovery/features.d/"}
    ],
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsUser": 0,
    },
}


def without_ours(document: Document) -> Document:
    """Take what the patch adds out of a DaemonSet again."""
    rest = deepcopy(document)
    pod = rest["spec"]["template"]["spec"]
    pod["containers"] = [container for container in pod["containers"] if container["name"] != SIDECAR]
    pod["volumes"] = [volume for volume in pod["volumes"] if volume["name"] not in VOLUMES]
    return rest


def with_intels_sidecar() -> Document:
    """Give XPU Manager's DaemonSet as users of Intel's sidecar have it."""
    document = deepcopy(BEFORE)
    pod = document["spec"]["template"]["spec"]
    pod["containers"].append(INTEL)
    pod["volumes"].append(
        {"name": "features-d", "hostPath": {"path": "/etc/kubernetes/node-feature-discovery/features.d/"}}
    )
    return document


@pytest.mark.parametrize("before", [BEFORE, with_intels_sidecar()], ids=["without", "with Intel's sidecar"])
def test_patch_adds_the_sidecar_and_changes_nothing_else(before: Document) -> None:
    """Resources, environment, probes, volumes and order of what is in the pod stay as they were."""
    after = patched(before, OURS)
    assert without_ours(after) == without_ours(before)
    assert containers(after)[SIDECAR]["image"].startswith("xelinkd:")
    assert {volume["name"] for volume in after["spec"]["template"]["spec"]["volumes"]} >= VOLUMES


def test_patch_that_replaces_resources_would_be_noticed() -> None:
    """The test above sees what Intel's patch did: a site's resources of XPU Manager were gone."""
    limits = {"$patch": "replace", "gpu.intel.com/i915_monitoring": 1}
    patch: dict[str, Any] = deepcopy(OURS)
    patch["spec"]["template"]["spec"]["containers"].append({"name": "xpumd", "resources": {"limits": limits}})
    after = patched(BEFORE, patch)
    assert "smarter-devices/cpu" not in containers(after)["xpumd"]["resources"]["limits"]
    assert without_ours(after) != without_ours(BEFORE)


def test_patch_takes_the_place_of_intels_sidecar() -> None:
    """Intel's container becomes ours, in the same place, and keeps the flags that the site gave it."""
    after = patched(with_intels_sidecar(), OURS)
    sidecar = containers(after)[SIDECAR]
    assert len(containers(after)) == len(containers(BEFORE)) + 1
    assert sidecar["args"] == INTEL["args"]
    mounts = [mount["mountPath"] for mount in sidecar["volumeMounts"]]
    assert len(mounts) == len(set(mounts)) == len(VOLUMES)


def test_patch_twice_is_patch_once() -> None:
    """Whoever runs the command again starts no rollout."""
    once = patched(BEFORE, OURS)
    assert patched(once, OURS) == once
