"""Pods of the manifests, really run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from support.daemon import wait_until
from support.kubernetes import kustomized
from support.pod import manifest, pod_of, probes, with_simulator
from support.podman import Container

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.podman import Podman

SIDECARS = {"http": "xelink-sidecar", "standalone": "xelinkd", "simulated": "xelinkd"}
PATIENCE = 60.0  # seconds; the shipped configuration waits 10 s before its first fetch
ASK = "import sys, urllib.request as r; print([r.urlopen(url, timeout=10).status for url in sys.argv[1:]])"


@pytest.fixture
def play(podman: Podman, deployments: Path, tmp_path: Path) -> Iterator[Callable[[str], Container]]:
    """Give what plays a Pod of an overlay beside a simulator, and removes it."""
    path = tmp_path / "pod.yaml"

    def start(overlay: str) -> Container:
        made = pod_of(kustomized(deployments / "overlays" / overlay), tmp_path)
        if overlay != "simulated":
            made = with_simulator(made)
        path.write_text(manifest(made))
        network = () if made["spec"].get("hostNetwork") else ("--network=none",)
        podman("play", "kube", *network, path)
        return Container(podman, f"pod-{SIDECARS[overlay]}")

    yield start
    podman("pod", "rm", "--force", "--all", "--time=0")


@pytest.mark.parametrize("overlay", SIDECARS)
def test_pod_keeps_labels(
    play: Callable[[str], Container],
    overlay: str,
    deployments: Path,
    tmp_path: Path,
    note: Callable[[str, str], None],
) -> None:
    """What the manifests ask for is enough: labels come, probes are answered, real labels outlive the pod."""
    begin = time.monotonic()
    container = play(overlay)
    file = tmp_path / "features-d" / "xpum-sidecar-labels.txt"
    wait_until(file.exists, container.text(), PATIENCE)
    note(f"from podman play kube to the label, overlay {overlay}", f"{time.monotonic() - begin:.1f} s")
    assert "gpu.intel.com/xe-links=0.0-1.0" in file.read_text()
    urls = list(probes(kustomized(deployments / "overlays" / overlay)))
    assert urls
    wait_until(
        lambda: container.run("python", "-c", ASK, *urls).stdout.strip() == str([200] * len(urls)), "probes"
    )
    asked = container.podman.inspect(container.name)
    assert asked["HostConfig"]["ReadonlyRootfs"]
    assert not asked["EffectiveCaps"]
    assert not container.events("confinement_failed")
    assert container.stop()[0] == 0
    assert file.exists() == (overlay != "simulated")  # made-up labels go with the pod
