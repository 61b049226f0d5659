"""The manifests as files: held against each other and the program. tests/e2e/manifests builds them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from support.kubernetes import DEPLOYMENTS, IN_A_POD, PATCH, containers, documents, of_kind, ours
from support.prometheus import MONITORING

from xelinkd import __version__
from xelinkd.config.load import load
from xelinkd.config.schema import Config
from xelinkd.config.sinks import Sink
from xelinkd.supervisor.pipeline import patience
from xelinkd.supervisor.unit import GRACE
from xelinkd.workers.former import NOTHING_FORMER

if TYPE_CHECKING:
    from pathlib import Path

    from support.kubernetes import Document

pytestmark = pytest.mark.once

BASE = DEPLOYMENTS / "base" / "daemonset.yaml"
FILES = [path for path in DEPLOYMENTS.rglob("*.yaml") if not path.is_relative_to(DEPLOYMENTS / "helm")]
CONFIGURATIONS = sorted(DEPLOYMENTS.rglob("*.toml"))
WITH_CONTAINER = sorted(path for path in FILES if next(ours(documents(path.read_text())), None))
WHOLE = [BASE, PATCH]


def named(path: Path) -> str:
    """Name a file in a test's id."""
    return str(path.relative_to(DEPLOYMENTS))


def xelinkd_of(path: Path) -> tuple[Document, Document]:
    """Give the pod and the container of xelinkd in a file."""
    return next(ours(documents(path.read_text())))


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=named)
def test_configuration_is_right(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every configuration that we deliver is one that xelinkd takes, in a pod."""
    for name, value in IN_A_POD.items():
        monkeypatch.setenv(name, value)
    load(path, required=True)


@pytest.mark.parametrize("path", WITH_CONTAINER, ids=named)
def test_containers_are_restricted(path: Path) -> None:
    """No container of ours has more rights than its work takes, and none runs another version."""
    for _, container in ours(documents(path.read_text())):
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["resources"].keys() == {"requests", "limits"}
        assert container["image"] == f"xelinkd:{__version__}"


@pytest.mark.parametrize("path", WHOLE, ids=named)
def test_probes_and_port_are_where_the_status_is(path: Path) -> None:
    """The kubelet asks where xelinkd listens by default, and a monitor for the port by its name."""
    host, _, port = Config().status.listen.rpartition(":")
    _, container = xelinkd_of(path)
    probes = {name: probe["httpGet"] for name, probe in container.items() if name.endswith("Probe")}
    assert probes["livenessProbe"] == {"host": host, "port": int(port), "path": "/livez"}
    assert all(probe["host"] == host and probe["port"] == int(port) for probe in probes.values())
    assert {"name": "status", "containerPort": int(port), "protocol": "TCP"} in container["ports"]


def test_kubelet_waits_for_the_end() -> None:
    """The kubelet kills no xelinkd that still removes its object, though the API server says nothing."""
    pod, _ = xelinkd_of(BASE)
    config = Config(sink=Sink(kind="node-feature"))
    assert pod["terminationGracePeriodSeconds"] > GRACE + patience(config, NOTHING_FORMER) + 5


@pytest.mark.parametrize("path", WHOLE, ids=named)
def test_files_are_where_the_program_looks(path: Path) -> None:
    """The feature file and the configuration are in folders that are mounted whole."""
    pod, container = xelinkd_of(path)
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    features = f"{Config().feature_file.path.parent}/"
    assert volumes[mounts[features]["name"]]["hostPath"]["path"] == features
    assert mounts["/etc/xelinkd"]["readOnly"]
    assert volumes[mounts["/etc/xelinkd"]["name"]]["configMap"] == {"name": "xelinkd", "optional": True}
    assert volumes.keys() == {mount["name"] for mount in mounts.values()}


def test_nothing_is_mounted_by_sub_path() -> None:
    """Whatever is configured changes while xelinkd runs: the kubelet never renews a subPath."""
    assert [
        named(path) for path in FILES if re.search(r"^\W*subPath\w*:", path.read_text(), re.MULTILINE)
    ] == []


def test_sidecar_does_not_make_xpu_manager_unready() -> None:
    """Whatever becomes of xelinkd, the pod that it is a guest in stays as ready as it was."""
    (container,) = containers(of_kind("DaemonSet", documents(PATCH.read_text()))).values()
    assert "readinessProbe" not in container
    assert "startupProbe" not in container


def test_sidecar_and_daemonset_are_the_same_container() -> None:
    """Both ways to run xelinkd ask for the same, but for what one pod has to itself."""
    own = {"name", "args", "readinessProbe", "volumeMounts"}
    one, other = (xelinkd_of(path)[1] for path in WHOLE)
    assert {key: one[key] for key in one.keys() - own} == {key: other[key] for key in other.keys() - own}


def test_pod_of_its_own_gets_no_token() -> None:
    """A xelinkd that is taken over has no account of the cluster to speak with."""
    pod, _ = xelinkd_of(BASE)
    account = of_kind("ServiceAccount", documents((DEPLOYMENTS / "base" / "serviceaccount.yaml").read_text()))
    assert pod["automountServiceAccountToken"] is False
    assert account["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == account["metadata"]["name"]


@pytest.mark.parametrize("path", WHOLE, ids=named)
def test_monitor_finds_port_and_token(path: Path) -> None:
    """The monitor asks for a port that is there, with the token that the pod was given."""
    monitor = of_kind("PodMonitor", documents((MONITORING / "podmonitor.yaml").read_text()))
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    pod, container = xelinkd_of(path)
    assert endpoint["port"] in {port["name"] for port in container["ports"]}
    secrets = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    assert endpoint["authorization"]["credentials"]["name"] in secrets


def test_certificate_is_for_the_address_that_is_asked() -> None:
    """The sidecar accepts the certificate that cert-manager makes: it is for the host of `source.url`."""
    https = DEPLOYMENTS / "overlays" / "https"
    source = load(https / "xelinkd.toml", required=True).config.source
    certificate = of_kind(
        "Certificate", documents((DEPLOYMENTS / "overlays" / "cert-manager" / "certs.yaml").read_text())
    )["spec"]
    assert [f"https://{address}:29999/metrics" for address in certificate["ipAddresses"]] == [source.url]
    for name in ("xpumanager.yaml", "sidecar.yaml"):
        (volume,) = of_kind("DaemonSet", documents((https / name).read_text()))["spec"]["template"]["spec"][
            "volumes"
        ]
        assert volume["secret"]["secretName"] == certificate["secretName"]
