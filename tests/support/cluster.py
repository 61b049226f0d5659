"""A real cluster on the loopback: etcd, kube-apiserver, kube-scheduler and NFD, and nodes without a kubelet.

Its programs are those of tools/kubernetes/programs, at the versions of its go.mod; etcd is Debian's.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support.daemon import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

NODE: Final = "gpu-node"  # where NFD and xelinkd are
PATIENCE: Final = 90.0  # seconds; for programs that start on a busy machine
LABEL: Final = "gpu.intel.com/xe-links"
NFD: Final = "node-feature-discovery"  # its namespace

_SERVER: Final = "https://127.0.0.1:6443"
_ETCD: Final = "http://127.0.0.1:2379"
_USERS: Final = {"admin": "system:masters", "system:kube-scheduler": ""}  # with the group of each
_KEEP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """Its folder, with logs and credentials, and the folder of its programs."""

    folder: Path
    programs: Path

    def kubectl(self, *arguments: str | Path, stdin: str = "", check: bool = True) -> str:
        """Run kubectl as the cluster's administrator, and give what it printed."""
        command = [str(self.programs / "bin" / "kubectl"), *map(str, arguments)]
        env = {
            "KUBECONFIG": str(self.folder / "admin.json"),
            "HOME": str(self.folder),
            "PATH": "/usr/bin:/bin",
        }
        done = subprocess.run(
            command, input=stdin, env=env, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        assert done.returncode == 0 or not check, f"{' '.join(command)}:\n{done.stderr}"
        return done.stdout

    def get(self, *what: str) -> dict[str, Any]:
        """Get an object."""
        got: dict[str, Any] = json.loads(self.kubectl("get", *what, "--output=json"))
        return got

    def labels(self, node: str = NODE) -> dict[str, str]:
        """Give the labels of a node that are ours: those of gpu.intel.com."""
        labels: dict[str, str] = self.get("node", node)["metadata"]["labels"]
        return {name: value for name, value in labels.items() if name.startswith("gpu.intel.com/")}

    def links(self, node: str = NODE) -> list[str]:
        """Give the links that a node's labels name, as their readers join them; none if it has no label."""
        labels = self.labels(node)
        parts = [LABEL, *(f"{LABEL}{number}" for number in range(2, 1 + len(labels)))]
        whole = "".join(labels.get(part, "").removeprefix("Z") for part in parts)
        return whole.split("_") if whole else []

    def wait_for_links(self, condition: Callable[[list[str]], object]) -> list[str]:
        """Wait until the node's labels name the right links."""
        links: list[str] = wait_until(
            lambda: [found] if condition(found := self.links()) else None, "the node's links", PATIENCE
        )[0]
        return links

    def add_node(self, name: str) -> None:
        """Add a node that can take pods, as far as the scheduler is told; no kubelet is there."""
        # A node without an annotation makes nfd-master fail (0.18.3).
        metadata = {"name": name, "annotations": {"node": name}, "labels": {"kubernetes.io/hostname": name}}
        self.kubectl("create", "--filename=-", stdin=_document("v1", "Node", metadata))
        resources = {"cpu": "8", "memory": "16Gi", "pods": "20", "gpu.intel.com/i915": "8"}
        conditions = [{"type": "Ready", "status": "True"}]
        status = {"capacity": resources, "allocatable": resources, "conditions": conditions}
        self.kubectl(
            "patch", "node", name, "--subresource=status", f"--patch={json.dumps({'status': status})}"
        )
        self.kubectl("taint", "node", name, "node.kubernetes.io/not-ready-", check=False)


def _document(version: str, kind: str, metadata: Mapping[str, object], **more: object) -> str:
    return json.dumps({"apiVersion": version, "kind": kind, "metadata": metadata, **more})


@contextmanager
def running(folder: Path, programs: Path) -> Iterator[Cluster]:
    """Run a cluster with one node inside a `with` block."""
    cluster = Cluster(folder, programs)
    with ExitStack() as stack:
        _control_plane(cluster, stack)
        cluster.add_node(NODE)
        _node_feature_discovery(cluster, stack)
        yield cluster


def _control_plane(cluster: Cluster, stack: ExitStack) -> None:
    peers = "http://127.0.0.1:2380"
    _start(
        cluster,
        stack,
        ["/usr/bin/etcd", f"--data-dir={cluster.folder / 'etcd'}"],
        [f"--listen-client-urls={_ETCD}", f"--advertise-client-urls={_ETCD}", f"--listen-peer-urls={peers}"],
        [f"--initial-advertise-peer-urls={peers}", f"--initial-cluster=default={peers}"],
    )
    _start(cluster, stack, [cluster.programs / "bin" / "kube-apiserver"], _apiserver_flags(cluster.folder))
    certificate = cluster.folder / "certificates" / "apiserver.crt"
    wait_until(certificate.exists, "the API server's certificate", PATIENCE)
    for user in _USERS:
        _kubeconfig(cluster, user, user)
    wait_until(
        lambda: cluster.kubectl("get", "--raw=/readyz", check=False) == "ok", "the API server", PATIENCE
    )
    scheduler = cluster.folder / "system:kube-scheduler.json"
    _start(
        cluster,
        stack,
        [cluster.programs / "bin" / "kube-scheduler", f"--kubeconfig={scheduler}", "--leader-elect=false"],
        [f"--authentication-kubeconfig={scheduler}", f"--authorization-kubeconfig={scheduler}"],
    )


def _apiserver_flags(folder: Path) -> list[str]:
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    (folder / "accounts.key").write_bytes(key)
    tokens = [
        f'{user},{user},{user},"{group}"' for user, group in _USERS.items()
    ]  # a user's token is its name
    (folder / "tokens.csv").write_text("\n".join(tokens))
    return [
        f"--etcd-servers={_ETCD}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.96.0.0/16",
        f"--cert-dir={folder / 'certificates'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=Node,RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'accounts.key'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        "--disable-admission-plugins=ServiceAccount",  # no controller makes the accounts of namespaces
    ]


def _node_feature_discovery(cluster: Cluster, stack: ExitStack) -> None:
    overlay = cluster.programs / "nfd" / "overlays" / "default"
    manifests = cluster.kubectl("kustomize", overlay)
    cluster.kubectl("apply", "--server-side", "--filename=-", stdin=manifests)
    for program, more in {
        "nfd-master": ["-port=8081"],
        "nfd-worker": [
            "-port=8082",
            "-feature-sources=local",
            "-label-sources=local",
            "-no-owner-refs",  # no pod is there to own what it makes
            '-options={"core": {"sleepInterval": "1s"}}',
        ],
    }.items():
        account = cluster.kubectl("create", "token", program, f"--namespace={NFD}", "--duration=1h")
        kubeconfig = _kubeconfig(cluster, program, account.strip())
        _start(cluster, stack, [cluster.programs / "bin" / program, f"-kubeconfig={kubeconfig}"], more)


def _kubeconfig(cluster: Cluster, user: str, token: str) -> Path:
    server = {
        "server": _SERVER,
        "certificate-authority": str(cluster.folder / "certificates" / "apiserver.crt"),
    }
    path = cluster.folder / f"{user}.json"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": server}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": user}}],
        "current-context": "it",
    }
    path.write_text(json.dumps(document))
    return path


def _start(cluster: Cluster, stack: ExitStack, *command: Sequence[str | Path]) -> None:
    words = [str(word) for part in command for word in part]
    name = words[0].rpartition("/")[2]
    env = {
        "NODE_NAME": NODE,
        "KUBERNETES_NAMESPACE": NFD,
        "HOME": str(cluster.folder),
        "PATH": "/usr/bin:/bin",
    }
    with (cluster.folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    stack.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_KEEP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
