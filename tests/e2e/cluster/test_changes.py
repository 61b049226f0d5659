"""What a cluster's own ways of changing things do to the labels: rollouts, ConfigMaps, certificates."""

from __future__ import annotations

import subprocess
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from support.daemon import Daemon, toml, wait_until
from support.kubelet import mount
from support.sampling import sampling

from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.server import Options, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.cluster import Cluster

    from xelinkd.simulator.server import Simulator

    Saw = Callable[..., None]


@pytest.fixture
def successor(tmp_path: Path, node: Daemon) -> Iterator[Daemon]:
    """Give the xelinkd of the next pod, for the same feature file."""
    folder = tmp_path / "successor"
    folder.mkdir()
    made = Daemon(folder, node.url, {"feature_file": {"path": str(node.file)}})
    yield made
    made.close()


def start(daemon: Daemon) -> None:
    """Start it as the manifests do."""
    daemon.start("--config", str(daemon.config), "--when-locked", "wait")


def lose_a_link(cluster: Cluster, xpum: Simulator) -> None:
    """See the node follow a change: the xelinkd that runs now is at work."""
    xpum.set_link(cluster.links()[0], up=False)
    cluster.wait_for_links(lambda links: len(links) == 5)


def test_labels_never_blink_when_the_new_pod_comes_first(
    cluster: Cluster, node: Daemon, successor: Daemon, xpum: Simulator
) -> None:
    """In a rolling update the node keeps its labels while the new pod waits for the old one to end."""
    start(node)
    cluster.wait_for_links(lambda links: len(links) == 6)
    with sampling(cluster) as seen:
        start(successor)
        successor.wait_for("feature_file_locked")
        assert node.stop() == 0
        successor.wait_for("labels_adopted")
        lose_a_link(cluster, xpum)
    assert set(seen) <= {6, 5}


def test_labels_never_blink_when_the_old_pod_ends_first(
    cluster: Cluster, node: Daemon, successor: Daemon, xpum: Simulator
) -> None:
    """In a rolling update the node keeps its labels while there is no pod at all."""
    start(node)
    cluster.wait_for_links(lambda links: len(links) == 6)
    with sampling(cluster) as seen:
        assert node.stop() == 0
        start(successor)
        successor.wait_for("labels_adopted")
        lose_a_link(cluster, xpum)
    assert set(seen) <= {6, 5}


def test_configmap_applies_without_a_restart(cluster: Cluster, node: Daemon, saw: Saw) -> None:
    """An edited ConfigMap changes the node's labels while the same xelinkd runs on."""
    folder = node.folder / "mounted"
    mount(folder, "xelinkd.toml", node.config.read_text())
    node.start("--config", str(folder / "xelinkd.toml"))
    cluster.wait_for_links(lambda links: len(links) == 6)
    supervisor = node.pid
    began = time.monotonic()
    mount(folder, "xelinkd.toml", node.text(labels={"min_lanes": 100}))
    cluster.wait_for_links(lambda links: not links)
    saw("a ConfigMap changes: labels follow", time.monotonic() - began)
    assert cluster.labels() == {"gpu.intel.com/xe-links": ""}
    assert node.pid == supervisor
    assert node.process is not None
    assert node.process.poll() is None


def make_certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1 as docs/kubernetes.md does, with its key in the same file."""
    both = folder / f"{time.monotonic_ns()}.pem"
    key = ["-newkey", "rsa:2048", "-noenc", "-keyout", str(both)]
    names = ["-subj", "/", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-days", "30", *key, *names, "-out", f"{both}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    with both.open("a") as file:
        file.write(both.with_suffix(".pem.crt").read_text())
    return both


def certificate_in(both: Path) -> str:
    """Give what a client trusts of it."""
    return both.with_suffix(".pem.crt").read_text()


def is_refused(node: Daemon) -> bool:
    """Tell whether xelinkd has refused XPU Manager's certificate."""
    return any(event["reason"] == "tls_certificate" for event in node.events("topology_unknown"))


def test_https_goes_on_with_a_rotated_certificate(
    cluster: Cluster, node: Daemon, tmp_path: Path, saw: Saw
) -> None:
    """Over HTTPS labels stay while a new certificate is not trusted yet, and follow again once it is."""
    served = make_certificate(tmp_path)
    trusted = tmp_path / "trusted"
    mount(trusted, "tls.crt", certificate_in(served))
    with running(Options(parse_machine("3x2"), certfile=served)) as xpum:
        node.configure(source={"url": xpum.url, "ca_file": str(trusted / "tls.crt")})
        node.start()
        (lost, *_) = cluster.wait_for_links(lambda links: len(links) == 6)
        xpum.stop()
        fresh = make_certificate(tmp_path)
        served.write_bytes(fresh.read_bytes())
        xpum.set_link(lost, up=False)
        xpum.start()
        wait_until(partial(is_refused, node), "a certificate that is refused")
        assert len(cluster.links()) == 6
        began = time.monotonic()
        mount(trusted, "tls.crt", certificate_in(fresh))
        cluster.wait_for_links(lambda links: lost not in links)
        saw("a rotated certificate is trusted: labels follow", time.monotonic() - began)


def test_wrong_configuration_costs_no_label(cluster: Cluster, node: Daemon) -> None:
    """A ConfigMap that is wrong leaves the node's labels as they are."""
    folder = node.folder / "mounted"
    mount(folder, "xelinkd.toml", node.config.read_text())
    node.start("--config", str(folder / "xelinkd.toml"))
    cluster.wait_for_links(lambda links: len(links) == 6)
    mount(folder, "xelinkd.toml", toml({"labels": {"min_lanes": -1}}))
    node.wait_for("config_refused")
    assert len(cluster.links()) == 6
