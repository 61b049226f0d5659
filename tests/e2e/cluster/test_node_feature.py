"""What becomes of a node's labels that are in a NodeFeature object, with deployments/node-feature."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from support.api import FEATURES, ask
from support.cluster import NODE, PATIENCE
from support.daemon import Daemon, wait_until
from support.kubelet import Pod, ran, started, wait_for_pod
from support.sampling import sampling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.cluster import Cluster

    from xelinkd.simulator.server import Simulator

    Saw = Callable[..., None]

NAMESPACE = "--namespace=xelinkd"
OBJECT = ("nodefeature", f"xelinkd-for-{NODE}", NAMESPACE)
DAEMONSET = ("daemonset", "xelinkd", NAMESPACE)
OURS = "app.kubernetes.io/name=xelinkd"
COLUMN = "NodeFeature object"


@pytest.fixture
def start(cluster: Cluster, tmp_path: Path, xpum: Simulator) -> Iterator[Callable[[Pod], Daemon]]:
    """Give what starts the xelinkd of a pod; at the end none runs, and the node has no labels."""
    begun: list[Daemon] = []

    def begin(pod: Pod, **settings: dict[str, object]) -> Daemon:
        begun.append(started(pod, tmp_path / pod.name, xpum.url, **settings))
        return begun[-1]

    yield begin
    for daemon in begun:
        daemon.close()
    cluster.kubectl("delete", *OBJECT, "--ignore-not-found")
    wait_until(lambda: not cluster.labels(), "a node without labels", PATIENCE)


@pytest.fixture
def guest(cluster: Cluster, pod: Pod, start: Callable[[Pod], Daemon]) -> Daemon:
    """Give the xelinkd of the pod on the node, which has labelled it."""
    made = start(pod)
    cluster.wait_for_links(lambda links: len(links) == 6)
    return made


def lose_a_link(cluster: Cluster, xpum: Simulator) -> str:
    """See the node follow a change: the xelinkd that runs now is at work."""
    lost: str = cluster.links()[0]
    xpum.set_link(lost, up=False)
    cluster.wait_for_links(lambda links: lost not in links)
    return lost


def test_label_appears(cluster: Cluster, pod: Pod, start: Callable[[Pod], Daemon], saw: Saw) -> None:
    """The node gets its labels from an object that tells of which node it is, and goes with the DaemonSet."""
    began = time.monotonic()
    guest = start(pod)
    wait_until(cluster.labels, "labels on the node")
    saw("xelinkd starts: label on the node", time.monotonic() - began, COLUMN)
    found, owner = cluster.get(*OBJECT), cluster.get(*DAEMONSET)["metadata"]["uid"]
    assert [each["uid"] for each in found["metadata"]["ownerReferences"]] == [owner]
    assert found["metadata"]["labels"]["nfd.node.kubernetes.io/node-name"] == NODE
    assert found["spec"]["labels"] == cluster.labels()
    assert not guest.file.exists()


def test_node_follows_a_link(cluster: Cluster, guest: Daemon, xpum: Simulator, saw: Saw) -> None:
    """A link that fails leaves the node's label, and is there again when it is back."""
    assert guest.events("labels_changed")
    began = time.monotonic()
    lost = lose_a_link(cluster, xpum)
    saw("a link fails: gone from the node", time.monotonic() - began, COLUMN)
    xpum.set_link(lost, up=True)
    cluster.wait_for_links(lambda links: lost in links)


def test_steady_node_asks_nothing(cluster: Cluster, guest: Daemon, xpum: Simulator) -> None:
    """While links stay as they are, the API server hears nothing of the node."""
    guest.wait_for("labels_changed")
    before, fetched = len(cluster.audited()), xpum.scrapes
    wait_until(lambda: xpum.scrapes > fetched + 30, "thirty fetches")
    assert cluster.audited()[before:] == []


def test_restart_does_not_blink(cluster: Cluster, guest: Daemon, xpum: Simulator) -> None:
    """A xelinkd that is started again takes the object over, and the node keeps its labels meanwhile."""
    before = cluster.get(*OBJECT)["metadata"]
    with sampling(cluster) as seen:
        assert guest.stop() == 0
        guest.start("--config", str(guest.config))
        guest.wait_for("labels_adopted")
        lose_a_link(cluster, xpum)
    assert set(seen) <= {6, 5}
    assert cluster.get(*OBJECT)["metadata"]["uid"] == before["uid"]


def test_rollout_does_not_blink(
    cluster: Cluster,
    pod: Pod,
    guest: Daemon,
    start: Callable[[Pod], Daemon],
    xpum: Simulator,
) -> None:
    """While the DaemonSet's controller replaces the pod, the node keeps its labels, the object its owner."""
    before = cluster.get(*OBJECT)["metadata"]
    with sampling(cluster) as seen:
        cluster.kubectl("rollout", "restart", *DAEMONSET)
        wait_until(pod.is_to_end, "the old pod's end", PATIENCE)
        assert guest.stop() == 0
        pod.has_ended()
        start(wait_for_pod(cluster, OURS)).wait_for("labels_adopted")
        lose_a_link(cluster, xpum)
    assert set(seen) <= {6, 5}
    after = cluster.get(*OBJECT)["metadata"]
    assert (after["uid"], after["ownerReferences"]) == (before["uid"], before["ownerReferences"])


def swept(cluster: Cluster, folder: Path) -> str:
    """Run the CronJob's xelinkd now, as `kubectl create job --from` does, and give what it printed."""
    name = f"swept-{time.monotonic_ns()}"
    cluster.kubectl("create", "job", name, "--from=cronjob/xelinkd-sweeper", NAMESPACE)
    pod = wait_for_pod(cluster, f"job-name={name}")
    folder.mkdir()
    printed = ran(pod, "sweeper", folder)
    cluster.kubectl("wait", "--for=condition=Complete", f"job/{name}", NAMESPACE, "--timeout=60s")
    return printed


def end_of_lease(cluster: Cluster) -> float:
    """Give the end that the object tells, as Unix time."""
    annotations = cluster.get(*OBJECT)["metadata"]["annotations"]
    (end,) = [
        datetime.fromisoformat(text) for name, text in annotations.items() if name.startswith("xelinkd")
    ]
    return end.timestamp()


def test_sweeper_removes_what_has_ended(
    cluster: Cluster, pod: Pod, start: Callable[..., Daemon], tmp_path: Path, saw: Saw
) -> None:
    """After kill -9 of xelinkd, for good, the CronJob takes the labels away, once their lease has ended."""
    guest = start(pod, source={"interval": "200ms", "deadline": "400ms"}, node_feature={"lease": "6s"})
    cluster.wait_for_links(lambda links: len(links) == 6)
    for pid in [guest.pid, *guest.wait_for_workers().values()]:
        os.kill(pid, signal.SIGKILL)
    began, end = time.monotonic(), end_of_lease(cluster)
    swept(cluster, tmp_path / "too-early")
    is_late = time.time() > end  # on a machine that is that slow
    assert is_late or cluster.labels()
    wait_until(lambda: time.time() > end, "the end of the lease")
    swept(cluster, tmp_path / "in-time")
    wait_until(lambda: not cluster.labels(), "a node without labels", PATIENCE)
    seconds = time.monotonic() - began
    saw("kill -9 for good, lease 6 s: labels gone", f"{seconds:.2f} s, by the sweeper", COLUMN)


def test_removed_when_told(cluster: Cluster, pod: Pod, start: Callable[..., Daemon], saw: Saw) -> None:
    """With on_exit = "remove" the labels leave the node when xelinkd is told to end."""
    guest = start(pod, node_feature={"on_exit": "remove"})
    cluster.wait_for_links(lambda links: len(links) == 6)
    began = time.monotonic()
    assert guest.stop() == 0
    wait_until(lambda: not cluster.labels(), "a node without labels", PATIENCE)
    saw('xelinkd ends, on_exit = "remove": labels gone', time.monotonic() - began, COLUMN)


def test_lease_ends_by_the_writer(
    cluster: Cluster, pod: Pod, start: Callable[..., Daemon], xpum: Simulator
) -> None:
    """When XPU Manager is gone for longer than the lease, the xelinkd that runs takes the labels away."""
    start(pod, source={"interval": "200ms", "deadline": "400ms"}, node_feature={"lease": "6s"})
    cluster.wait_for_links(lambda links: len(links) == 6)
    xpum.stop()
    wait_until(lambda: not cluster.labels(), "a node without labels", PATIENCE)


def test_wrong_node_is_refused_in_words(cluster: Cluster, pod: Pod, start: Callable[..., Daemon]) -> None:
    """A xelinkd that is told another node's name labels nothing, and its log has what the policy says."""
    guest = start(pod, node_feature={"node": "other-node"})
    failing = guest.wait_for("node_feature_failing")
    assert failing["reason"] == "forbidden"
    assert f"xelinkd on {NODE} may only keep xelinkd-for-{NODE}" in failing["error"]
    assert not cluster.labels()


def bound_elsewhere(cluster: Cluster) -> Pod:
    """Make another pod of the account on the node: a token that is bound to it ends with it."""
    made = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "former", "namespace": "xelinkd", "labels": {"role": "former"}},
        "spec": {
            "serviceAccountName": "xelinkd",
            "nodeName": NODE,
            "containers": [{"name": "xelinkd", "image": "xelinkd:0.1.0"}],
        },
    }
    cluster.kubectl("create", "--filename=-", stdin=json.dumps(made))
    return wait_for_pod(cluster, "role=former")


def test_renewed_token_is_taken(cluster: Cluster, pod: Pod, guest: Daemon, xpum: Simulator) -> None:
    """While the token is refused the labels stay; with the next one they follow, without a restart."""
    former = bound_elsewhere(cluster)
    credentials = guest.folder / "credentials"
    token = former.token()
    (credentials / "..data" / "token").write_text(token)
    former.has_ended()
    path = f"{FEATURES.format('xelinkd')}/xelinkd-for-{NODE}"
    wait_until(lambda: ask(cluster, token, "GET", path).status == 401, "a token that is refused")
    lost = cluster.links()[0]
    xpum.set_link(lost, up=False)
    assert guest.wait_for("node_feature_failing")["reason"] == "unauthorized"
    assert len(cluster.links()) == 6
    pod.mount_credentials("xelinkd", credentials)
    cluster.wait_for_links(lambda links: lost not in links)
    guest.wait_for("node_feature_recovered")


def test_labels_hold_without_an_api_server(
    cluster: Cluster, guest: Daemon, xpum: Simulator, saw: Saw
) -> None:
    """While the API server is down nothing is lost; when it is back, the labels follow by themselves."""
    lost = cluster.links()[0]
    with cluster.outage():
        xpum.set_link(lost, up=False)
        guest.wait_for("node_feature_failing")
    began = time.monotonic()
    assert len(cluster.links()) in {5, 6}
    cluster.wait_for_links(lambda links: links and lost not in links)
    saw("the API server is back: labels follow", time.monotonic() - began, COLUMN)
    guest.wait_for("node_feature_recovered")


def test_labels_go_with_the_daemonset(
    cluster: Cluster, installed: str, pod: Pod, guest: Daemon, saw: Saw
) -> None:
    """Whoever deletes the DaemonSet has no labels left: the garbage collector takes the objects along."""
    began = time.monotonic()
    cluster.kubectl("delete", *DAEMONSET, "--wait=false")
    wait_until(lambda: not cluster.labels(), "a node without labels", PATIENCE)
    saw("the DaemonSet is deleted: labels gone", time.monotonic() - began, COLUMN)
    wait_until(pod.is_to_end, "the pod's end", PATIENCE)
    assert guest.stop() == 0
    pod.has_ended()
    cluster.kubectl("apply", "--filename=-", stdin=installed)
