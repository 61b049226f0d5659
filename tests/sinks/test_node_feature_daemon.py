"""The whole program, with its labels in an object of a cluster."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.daemon import wait_until, xelinkd

from standins.api_server import DAEMONSET, NAME, NAMESPACE, NODE, ApiServer, Refusal

if TYPE_CHECKING:
    from support.daemon import Daemon


@pytest.fixture
def pod(daemon: Daemon, cluster: ApiServer) -> Daemon:
    """Give a xelinkd that keeps its labels there, not started yet."""
    daemon.configure(sink={"kind": "node-feature"}, node_feature=cluster.settings())
    return daemon


def test_labels_are_in_the_object(pod: Daemon, cluster: ApiServer) -> None:
    """A node's labels come to its NodeFeature object, marked, owned by the DaemonSet, with their end."""
    pod.start()
    wait_until(cluster.labels, f"labels in\n{pod.log.read_text()}")
    found = cluster.object
    assert found
    metadata = found["metadata"]
    assert metadata["labels"] == {
        "nfd.node.kubernetes.io/node-name": NODE,
        "app.kubernetes.io/managed-by": "xelinkd",
    }
    (owner,) = metadata["ownerReferences"]
    assert owner == {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "name": DAEMONSET,
        "uid": "uid-of-the-daemonset",
    }
    assert metadata["annotations"]["xelinkd/lease-end"].endswith("Z")
    assert all(name.startswith("gpu.intel.com/xe-links") for name in found["spec"]["labels"])
    assert cluster.requests() == ["GET daemonsets", "GET nodefeatures", "PATCH nodefeatures"]
    assert not pod.file.exists()
    assert pod.stop() == 0


def test_labels_survive_a_restart(pod: Daemon, cluster: ApiServer) -> None:
    """A restart changes nothing in the cluster: labels are adopted, and no write is made."""
    pod.start()
    pod.wait_for("labels_changed")
    pod.stop()
    before = cluster.object
    cluster.asked.clear()
    pod.serve_status().start()
    pod.wait_for("labels_adopted")
    pod.wait_for_answer("/status.json", lambda _, text: '"known":true' in text)
    pod.stop()
    assert cluster.object == before
    assert cluster.requests() == ["GET daemonsets", "GET nodefeatures"]


def another_writer(pod: Daemon, before: int) -> bool:
    """Tell whether a writer has taken the place of the one before."""
    return pod.workers().get("writer", before) != before


def test_crashed_workers_cost_no_request(pod: Daemon, cluster: ApiServer) -> None:
    """Whatever kills fetcher and writer, their successors know what stands in the object."""
    pod.serve_status().start()
    pod.wait_for_answer("/readyz", lambda status, _: status == 200)  # written, and kept in mind
    asked = len(cluster.asked)
    for name in ("writer", "fetcher", "writer"):
        before = pod.wait_for_workers()["writer"]
        os.kill(pod.workers()[name], signal.SIGKILL)
        wait_until(partial(another_writer, pod, before), "another writer")
    pod.wait_for("unit_works_again")
    assert len(cluster.asked) == asked


def test_server_that_comes_back(pod: Daemon, cluster: ApiServer) -> None:
    """A fault is told once, with its reason, and its end; labels come through without a restart."""
    cluster.always = Refusal(503)
    pod.serve_status().start()
    failing = pod.wait_for("node_feature_failing")
    assert (failing["reason"], failing["object"]) == ("server_error", f"NodeFeature {NAMESPACE}/{NAME}")
    pod.wait_for_answer("/readyz", lambda status, text: status == 503 and "[-]node-feature failed" in text)
    cluster.always = None
    pod.wait_for("node_feature_recovered")
    wait_until(cluster.labels, "labels")
    pod.wait_for_answer("/readyz", lambda status, text: (status, text) == (200, "ok"))
    assert len(pod.events("node_feature_failing")) == 1
    metrics = pod.wait_for_answer("/metrics", lambda status, _: status == 200)
    assert 'xelinkd_sink_info{kind="node-feature"} 1.0' in metrics
    assert "xelinkd_sink_failing 0.0" in metrics


def say_nothing(handler: Any) -> None:  # noqa: ANN401  a handler
    """Wait until the client hangs up."""
    handler.rfile.read(1)


def test_silent_server_hangs_no_writer(pod: Daemon, cluster: ApiServer) -> None:
    """A server that says nothing costs a deadline each time, and the writer is not taken for hung."""
    cluster.always = say_nothing
    pod.configure(
        node_feature={"deadline": "900ms"},
        supervision={"heartbeat_deadline": "6s"},
        source={"deadline": "1s"},
    )
    pod.start()
    assert pod.wait_for("node_feature_failing")["reason"] == "timeout"
    cluster.always = None
    pod.wait_for("node_feature_recovered")
    assert not pod.events("worker_hung")


def test_labels_go_at_the_end_if_that_is_wanted(pod: Daemon, cluster: ApiServer) -> None:
    """With on_exit = remove a stopped xelinkd leaves no labels, even if the server takes its time."""
    pod.configure(node_feature={"on_exit": "remove"})
    pod.start()
    pod.wait_for("labels_changed")

    def take_time(handler: Any) -> None:  # noqa: ANN401  a handler
        threading.Event().wait(2)  # more than a worker has that keeps a file
        cluster.answer(handler, cluster.asked.pop())

    cluster.instead.append(take_time)
    assert pod.stop() == 0
    assert cluster.object is None
    assert pod.events("labels_removed")


def test_labels_move_between_file_and_object(pod: Daemon, cluster: ApiServer) -> None:
    """Another kind of sink takes the labels along: they are there before they are gone here, and back."""
    pod.configure(sink={"kind": "feature-file"})
    pod.start()
    links = pod.wait_for_links(bool)
    pod.configure(sink={"kind": "node-feature"})
    pod.wait_for("labels_moved")
    assert not pod.file.exists()
    (value,) = cluster.labels().values()
    assert set(value.split("_")) == links
    pod.configure(sink={"kind": "feature-file"})
    pod.wait_for("labels_moved", 2)
    assert cluster.object is None
    assert pod.links() == links


def test_node_without_a_name(pod: Daemon) -> None:
    """Without the node's name nothing is started, and what to add to the manifest is said."""
    pod.configure(node_feature={"node": ""})
    done = xelinkd("run", "--config", pod.config)
    assert done.returncode == 2
    assert "env: [{name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]" in done.stderr


def test_what_a_pod_is_told_by_its_environment(pod: Daemon, cluster: ApiServer) -> None:
    """In a pod the node, the server and the DaemonSet come with the environment: nothing is configured."""
    pod.configure(node_feature={"node": "", "server": "", "daemonset": ""})
    pod.start(
        env={
            "NODE_NAME": NODE,
            "XELINKD_DAEMONSET": DAEMONSET,
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT_HTTPS": str(cluster.port),
        }
    )
    wait_until(cluster.labels, "labels")
    assert (cluster.object or {})["metadata"]["ownerReferences"]


def test_a_file_takes_nothing_of_it(daemon: Daemon) -> None:
    """Who keeps a feature file holds neither OpenSSL nor the API's client in memory."""
    daemon.start()
    daemon.wait_for_links(bool)
    for pid in (daemon.pid, *daemon.workers().values()):
        assert "libssl" not in Path(f"/proc/{pid}/maps").read_text()


def test_writer_wakes_to_try_again(pod: Daemon, cluster: ApiServer) -> None:
    """After a fault nobody waits for the next fetch, which may be an hour away: the writer wakes itself."""
    cluster.instead.extend([Refusal(503)] * 2)
    pod.configure(source={"interval": "1h"})
    pod.start()
    pod.wait_for("node_feature_recovered")
    assert cluster.labels()
    assert len(cluster.asked) == 5
