"""The manifests as documents, and what kubectl and helm make of them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DEPLOYMENTS = ROOT / "deployments"
CHART = DEPLOYMENTS / "helm" / "xelinkd"
PATCH = DEPLOYMENTS / "sidecar" / "patch.yaml"
KUSTOMIZATIONS = sorted(
    str(path.parent.relative_to(DEPLOYMENTS))
    for folder in ("overlays", "examples")
    for path in (DEPLOYMENTS / folder).glob("*/kustomization.yaml")
)
XPU_MANAGER = ROOT / "tests" / "data" / "kubernetes" / "xpumanager.yaml"
UPSTREAM = "xpumanager"  # the folder that takes XPU Manager's DaemonSet from its repository

IN_A_POD = {"NODE_NAME": "gpu-node", "KUBERNETES_SERVICE_HOST": "10.96.0.1"}  # by manifest, and by kubelet

Document = dict[str, Any]


def documents(text: str) -> list[Document]:
    """Read the documents of a YAML file."""
    return [document for document in yaml.safe_load_all(text) if document]


def of_kind(kind: str, found: list[Document]) -> Document:
    """Give the one document of a kind."""
    (document,) = [document for document in found if document["kind"] == kind]
    return document


def containers(document: Document) -> dict[str, Document]:
    """Give the containers of a DaemonSet's pods, by name."""
    return {container["name"]: container for container in document["spec"]["template"]["spec"]["containers"]}


def ours(found: list[Document]) -> Iterator[tuple[Document, Document]]:
    """Give every container that runs our image, and its pod."""
    for document in found:
        spec = document.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)  # a CronJob's
        pod = spec.get("template", {}).get("spec", {})
        for container in pod.get("containers", []):
            if container.get("image", "").startswith("xelinkd:"):
                yield pod, container


def configuration(found: list[Document]) -> str:
    """Give the configuration that a set of documents has for xelinkd."""
    (text,) = [
        document["data"]["xelinkd.toml"]
        for document in found
        if document["kind"] == "ConfigMap" and "xelinkd.toml" in document["data"]
    ]
    return str(text)


def run(*command: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a tool to its end."""
    return subprocess.run(
        [*map(str, command)], input=stdin, capture_output=True, text=True, check=False, timeout=120
    )


def _said(*command: str | Path, stdin: str = "") -> str:
    done = run(*command, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def offline(folder: Path) -> Path:
    """Copy the manifests, with a stand-in where they take XPU Manager's DaemonSet from the network."""
    copy = folder / "deployments"
    shutil.copytree(DEPLOYMENTS, copy)
    shutil.copy(XPU_MANAGER, copy / UPSTREAM)
    (copy / UPSTREAM / "kustomization.yaml").write_text(f"resources: [{XPU_MANAGER.name}]\n")
    return copy


def kustomized(folder: Path) -> list[Document]:
    """Build a kustomization."""
    return documents(_said("kubectl", "kustomize", folder))


def patched(document: Document, patch: Document) -> Document:
    """Patch an object as `kubectl patch` does (strategic merge), without a cluster."""
    text = yaml.safe_dump(document)
    command = ("kubectl", "patch", "--local", "-o", "yaml", "-f", "-", "--patch", yaml.safe_dump(patch))
    return documents(_said(*command, stdin=text))[0]


def templated(values: Path) -> str:
    """Render the chart with a file of values."""
    return _said("helm", "template", "xelinkd", CHART, "--namespace", "xelinkd", "--values", values)
