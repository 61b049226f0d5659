"""What kubectl makes of the kustomizations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.daemon import xelinkd
from support.kubernetes import (
    KUSTOMIZATIONS,
    PATCH,
    XPU_MANAGER,
    Document,
    configuration,
    containers,
    documents,
    kustomized,
    of_kind,
    patched,
)

from xelinkd.config.load import load

if TYPE_CHECKING:
    from pathlib import Path

WITH_XPU_MANAGER = ["overlays/http", "overlays/https", "overlays/cert-manager"]


def daemonset(deployments: Path, name: str) -> Document:
    """Give the DaemonSet that a kustomization makes."""
    return of_kind("DaemonSet", kustomized(deployments / name))


def spec(document: Document) -> dict[str, Any]:
    """Give what a DaemonSet's pods are to be, whatever the order of its lists."""
    pod = document["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    return {**pod, "containers": containers(document), "volumes": volumes}


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_configuration_is_right(name: str, deployments: Path, tmp_path: Path) -> None:
    """The ConfigMap holds a configuration that xelinkd takes, under the name that the pod mounts."""
    found = kustomized(deployments / name)
    path = tmp_path / "xelinkd.toml"
    path.write_text(configuration(found))
    assert xelinkd("check", "--config", path).returncode == 0
    mounted = spec(of_kind("DaemonSet", found))["volumes"]["xelinkd-config"]["configMap"]["name"]
    assert mounted == of_kind("ConfigMap", found)["metadata"]["name"] == "xelinkd"


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_kubelet_reaches_the_probes(name: str, deployments: Path, tmp_path: Path) -> None:
    """The kubelet asks where xelinkd listens: on the loopback of the network they share, or at the pod."""
    found = kustomized(deployments / name)
    path = tmp_path / "xelinkd.toml"
    path.write_text(configuration(found))
    listens_on_loopback = load(path, required=True).config.status.listen.startswith("127.")
    pod = spec(of_kind("DaemonSet", found))
    for container in pod["containers"].values():
        if container["image"].startswith("xelinkd:") and "livenessProbe" in container:
            host = container["livenessProbe"]["httpGet"].get("host")
            assert host == ("127.0.0.1" if pod.get("hostNetwork") else None)
            assert bool(pod.get("hostNetwork")) == listens_on_loopback


def test_http_is_xpu_manager_with_the_sidecar(deployments: Path) -> None:
    """The overlay is what the patch makes of XPU Manager's DaemonSet, and no more."""
    (before,) = documents(XPU_MANAGER.read_text())
    (patch,) = documents(PATCH.read_text())
    assert spec(daemonset(deployments, "overlays/http")) == spec(patched(before, patch))


@pytest.mark.parametrize("name", ["overlays/https", "overlays/cert-manager"])
def test_https_changes_the_server_and_nothing_else(name: str, deployments: Path) -> None:
    """XPU Manager keeps its settings, and serves with the certificate that the sidecar trusts."""
    before = spec(daemonset(deployments, "overlays/http"))
    after = spec(daemonset(deployments, name))
    server = after["containers"]["python-exporter"]
    plain = before["containers"]["python-exporter"]
    words = " ".join(server["command"]).replace("=", " ").split()
    tls = ["--certfile", "/cert/tls.crt", "--keyfile", "/cert/tls.key"]
    assert [word for word in words if word not in tls] == plain["command"]
    assert {probe["httpGet"].pop("scheme") for key, probe in server.items() if key.endswith("Probe")} == {
        "HTTPS"
    }
    server["command"] = plain["command"]
    for container in (server, after["containers"]["xelink-sidecar"]):
        container["volumeMounts"] = [
            mount for mount in container["volumeMounts"] if mount["mountPath"] != "/cert"
        ]
    del after["volumes"]["xpum-cert"]
    assert after["volumes"].pop("xpum-trust")["secret"]["items"] == [{"key": "tls.crt", "path": "tls.crt"}]
    assert after == before


@pytest.mark.parametrize("name", WITH_XPU_MANAGER)
def test_same_objects_as_intels_overlays(name: str, deployments: Path) -> None:
    """Applied over Intel's overlay, it changes the DaemonSet that is there, and makes no second one."""
    metadata = daemonset(deployments, name)["metadata"]
    assert (metadata["namespace"], metadata["name"]) == ("monitoring", "intel-xpumanager")


def test_simulated_is_standalone_with_a_simulator(deployments: Path) -> None:
    """What is tried out without a GPU is the xelinkd that runs beside one, but for where it is reached."""
    real = spec(daemonset(deployments, "overlays/standalone"))
    tried = spec(daemonset(deployments, "overlays/simulated"))
    assert tried["containers"].pop("simulator")["args"] == ["simulate", "8x-max1550"]
    for name in ("livenessProbe", "readinessProbe"):
        del real["containers"]["xelinkd"][name]["httpGet"]["host"]
    for name in ("hostNetwork", "affinity", "priorityClassName"):
        del real[name]
    assert tried == real
