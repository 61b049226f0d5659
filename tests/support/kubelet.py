"""What a kubelet does for a pod of ours, on nodes that have none: mounts, environment, start and end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from support.cluster import NODE, PATIENCE, SERVER
from support.daemon import Daemon, toml, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from support.cluster import Cluster

CREDENTIALS: Final = "/var/run/secrets/kubernetes.io/serviceaccount"


def mount(folder: Path, name: str, text: str) -> None:
    """Change a file of a mounted ConfigMap or Secret as the kubelet does: by a rename of `..data`."""
    mount_all(folder, {name: text})


def mount_all(folder: Path, files: dict[str, str]) -> None:
    """Change all files of a mounted volume at once."""
    version = folder / f"..{time.monotonic_ns()}"
    version.mkdir(parents=True)
    for name, text in files.items():
        (version / name).write_text(text)
    fresh = folder / "..data_tmp"
    fresh.symlink_to(version.name)
    fresh.rename(folder / "..data")
    for name in files:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that the scheduler has put on a node."""

    cluster: Cluster
    document: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.document["metadata"]["name"])

    @property
    def where(self) -> tuple[str, str]:
        """Kubectl's words for it."""
        return f"pod/{self.name}", f"--namespace={self.document['metadata']['namespace']}"

    def container(self, name: str) -> dict[str, Any]:
        """Give one of its containers."""
        (found,) = [each for each in self.document["spec"]["containers"] if each["name"] == name]
        return dict(found)

    def environment(self, container: str) -> dict[str, str]:
        """Give a container's environment, with what every kubelet adds."""
        host, port = SERVER.removeprefix("https://").split(":")
        made = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
        for variable in self.container(container).get("env", []):
            made[variable["name"]] = variable.get("value") or self._field(variable["valueFrom"]["fieldRef"])
        return made

    def token(self, duration: str = "1h") -> str:
        """Have a token made that is bound to this pod, as a kubelet does."""
        account = self.document["spec"]["serviceAccountName"]
        metadata = self.document["metadata"]
        bound = ("--bound-object-kind=Pod", f"--bound-object-name={self.name}")
        return self.cluster.kubectl(
            *("create", "token", account, self.where[1], f"--duration={duration}"),
            *(*bound, f"--bound-object-uid={metadata['uid']}"),
        ).strip()

    def mount_credentials(self, container: str, folder: Path) -> None:
        """Mount the projected volume that has the container's token; a second time: with a new one."""
        mounts = {each["mountPath"]: each["name"] for each in self.container(container)["volumeMounts"]}
        volumes = {each["name"]: each for each in self.document["spec"]["volumes"]}
        files: dict[str, str] = {}
        for source in volumes[mounts[CREDENTIALS]]["projected"]["sources"]:
            files |= self._projected(source)
        mount_all(folder, files)

    def _projected(self, source: dict[str, Any]) -> dict[str, str]:
        if wanted := source.get("serviceAccountToken"):
            return {wanted["path"]: self.token(f"{wanted['expirationSeconds']}s")}
        if items := source.get("downwardAPI", {}).get("items"):
            return {item["path"]: self._field(item["fieldRef"]) for item in items}
        certificate = self.cluster.certificate.read_text()  # of kube-root-ca.crt, which a controller makes
        return {item["path"]: certificate for item in source["configMap"]["items"]}

    def _field(self, reference: dict[str, str]) -> str:
        found: Any = self.document
        for part in reference["fieldPath"].split("."):
            found = found[part]
        return str(found)

    def be_ready(self) -> None:
        """Tell the API server that it runs and is ready."""
        self._tell("Running")

    def has_succeeded(self) -> None:
        """Tell the API server that its work is done."""
        self._tell("Succeeded")

    def _tell(self, phase: str) -> None:
        is_ready = str(phase == "Running")
        status = {"phase": phase, "conditions": [{"type": "Ready", "status": is_ready}]}
        patch = f"--patch={json.dumps({'status': status})}"
        self.cluster.kubectl("patch", *self.where, "--subresource=status", patch)

    def is_to_end(self) -> bool:
        """Tell whether it was deleted, and waits for the kubelet to end it."""
        return "deletionTimestamp" in self.cluster.get(*self.where)["metadata"]

    def has_ended(self) -> None:
        """Tell the API server that it is gone."""
        self.cluster.kubectl("delete", *self.where, "--force", "--grace-period=0", "--wait=false")


def in_objects(credentials: Path) -> dict[str, dict[str, object]]:
    """Configure that labels are kept in objects, with credentials that are not where the image has them."""
    return {"sink": {"kind": "node-feature"}, "node_feature": {"credentials_dir": str(credentials)}}


def as_in_a_container(context: dict[str, Any]) -> list[str]:
    """Give a command that runs another as this user, with nothing to write to and without capabilities."""
    assert context["readOnlyRootFilesystem"]
    user = ["unshare", "--user", f"--map-user={context['runAsUser']}", f"--map-group={context['runAsUser']}"]
    alone = ["unshare", "--mount", "--propagation=private"]
    return [*alone, "sh", "-euc", 'mount -o remount,bind,ro / && exec "$@"', "sh", *user]


def started(pod: Pod, folder: Path, url: str, **settings: dict[str, object]) -> Daemon:
    """Start the pod's xelinkd, with what the manifests give it; it asks the XPU Manager at that address."""
    folder.mkdir()
    credentials = folder / "credentials"
    pod.mount_credentials("xelinkd", credentials)
    made = Daemon(folder, url, in_objects(credentials), env=pod.environment("xelinkd"))
    made.prefix = as_in_a_container(pod.container("xelinkd")["securityContext"])
    made.configure(**settings)
    made.start("--config", str(made.config), *pod.container("xelinkd")["args"])
    pod.be_ready()
    return made


def ran(pod: Pod, container: str, folder: Path) -> str:
    """Run the xelinkd of a pod to its end, and give what it printed."""
    credentials = folder / "credentials"
    pod.mount_credentials(container, credentials)
    config = folder / "xelinkd.toml"
    config.write_text(toml(in_objects(credentials)))
    done = subprocess.run(
        [sys.executable, "-m", "xelinkd", *pod.container(container)["args"], "--config", config],
        env=os.environ | pod.environment(container),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pod.has_succeeded()
    return done.stdout


def wait_for_pod(cluster: Cluster, selector: str) -> Pod:
    """Wait for a pod of ours on the node that is not about to end."""

    def find() -> Pod | None:
        pods = cluster.get("pods", "--namespace=xelinkd", f"--selector={selector}")["items"]
        mine = (Pod(cluster, each) for each in pods if each["spec"].get("nodeName") == NODE)
        return next((pod for pod in mine if "deletionTimestamp" not in pod.document["metadata"]), None)

    found: Pod = wait_until(find, f"a pod with {selector}", PATIENCE)
    return found
