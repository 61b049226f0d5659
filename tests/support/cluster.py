"""A real cluster on the loopback: etcd, Kubernetes' servers and controllers, NFD; nodes without a kubelet.

Its programs are those of tools/kubernetes/programs, at the versions of its go.mod; etcd is Debian's.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
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
SERVER: Final = "https://127.0.0.1:6443"

_ETCD: Final = "http://127.0.0.1:2379"
_USERS: Final = {  # with the group of each
    "admin": "system:masters",
    "system:kube-scheduler": "",
    "controllers": "system:masters",  # each would have an account and rights of its own
}
_CONTROLLERS: Final = (
    "serviceaccount-controller",
    "daemonset-controller",
    "job-controller",
    "garbage-collector-controller",
)
_AUDITED: Final = {  # each request of a pod's account, by its end
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "userGroups": ["system:masters"]},
        {
            "level": "Metadata",
            "userGroups": ["system:serviceaccounts:xelinkd", "system:serviceaccounts:herd"],
        },
        {"level": "None"},
    ],
}
_KEEP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """Its folder, with logs and credentials, the folder of its programs, and those that run, by name."""

    folder: Path
    programs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def certificate(self) -> Path:
        """The API server's certificate, and that of who signed it."""
        return self.folder / "certificates" / "apiserver.crt"

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

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Kill the API server, and start it again at the end of the `with` block; NFD as well."""
        with self.without("kube-apiserver"):
            yield
        self.wait_for_server()
        # nfd-worker ends when it is refused anything, as a server that starts may do; a kubelet starts it
        # again. nfd-master (0.18.3) lists by a version that the new server's watch cache does not go back to,
        # and gets no further until etcd forgets that version, minutes later.
        with self.without("nfd-worker", "nfd-master"):
            pass

    @contextmanager
    def without(self, *names: str) -> Iterator[None]:
        """Kill some of its programs, and start them again at the end of the `with` block."""
        for name in names:
            self.running[name].kill()
            self.running[name].wait()
        yield
        for name in names:
            _run(self, [*map(str, self.running[name].args)])  # type: ignore[arg-type]

    def wait_for_server(self) -> None:
        """Wait until the API server answers."""
        wait_until(
            lambda: self.kubectl("get", "--raw=/readyz", check=False) == "ok", "the API server", PATIENCE
        )

    def audited(self) -> list[dict[str, Any]]:
        """Give the requests of the accounts in `xelinkd` and `herd`, as the API server logs them."""
        try:
            lines = (self.folder / "audit.log").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines]

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
        _controllers(cluster, stack)
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
    wait_until(cluster.certificate.exists, "the API server's certificate", PATIENCE)
    for user in _USERS:
        _kubeconfig(cluster, user, user)
    cluster.wait_for_server()
    _start_client(cluster, stack, "kube-scheduler", "system:kube-scheduler")


def _controllers(cluster: Cluster, stack: ExitStack) -> None:
    """Start those that roll DaemonSets out and remove what has lost its owner: once NFD's kinds are there."""
    _start_client(
        cluster, stack, "kube-controller-manager", "controllers", f"--controllers={','.join(_CONTROLLERS)}"
    )


def _start_client(cluster: Cluster, stack: ExitStack, program: str, user: str, *more: str) -> None:
    kubeconfig = cluster.folder / f"{user}.json"
    _start(
        cluster,
        stack,
        [cluster.programs / "bin" / program, f"--kubeconfig={kubeconfig}", "--leader-elect=false"],
        [f"--authentication-kubeconfig={kubeconfig}", f"--authorization-kubeconfig={kubeconfig}", *more],
    )


def _apiserver_flags(folder: Path) -> list[str]:
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    (folder / "accounts.key").write_bytes(key)
    (folder / "audited.json").write_text(json.dumps(_AUDITED))
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
        "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",  # as OpenShift has it
        f"--audit-policy-file={folder / 'audited.json'}",
        f"--audit-log-path={folder / 'audit.log'}",
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
        "server": SERVER,
        "certificate-authority": str(cluster.certificate),
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
    name = _run(cluster, [str(word) for part in command for word in part])
    stack.callback(lambda: _end(cluster.running[name]))


def _run(cluster: Cluster, words: Sequence[str]) -> str:
    """Run a program in the background; give its name, which is that of its log, too."""
    name = words[0].rpartition("/")[2]
    env = {
        "NODE_NAME": NODE,
        "KUBERNETES_NAMESPACE": NFD,
        "HOME": str(cluster.folder),
        "PATH": "/usr/bin:/bin",
    }
    with (cluster.folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    cluster.running[name] = process
    return name


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_KEEP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
