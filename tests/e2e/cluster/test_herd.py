"""Many nodes at once and one API server: how often each asks in its life, and that nothing lines them up.

A simulated node is what keeps labels in the program, as it is there: the keeper, the sink and its HTTPS.
Hours pass by its clock being set on. `--nodes 5000` plays as many as a big cluster has (some minutes).
"""

from __future__ import annotations

import resource
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml
from support.api import FEATURES, ask
from support.cluster import LABEL, SERVER
from support.kubelet import mount_all
from support.kubernetes import documents

from xelinkd import clocks
from xelinkd.config.sinks import NodeFeature
from xelinkd.model.lease import Instant
from xelinkd.model.pacing import LEAST, ceiling
from xelinkd.sinks.node_feature import NodeFeatureSink
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

from support.cluster import Cluster

COLUMN: Final = "NodeFeature object"
WHERE: Final = (
    "herd"  # a namespace, and an account in it that the policy knows nothing of: its token is nobody's node
)
BEFORE: Final = (f"{LABEL}=0.0-1.0_0.1-1.1",)
AFTER: Final = (f"{LABEL}=0.0-1.0",)
HOUR: Final = 3600.0
PATIENCE: Final = 900.0  # seconds for all nodes to get through
AT_A_TIME: Final = 16  # requests, where time is not what matters
OK: Final = 200
REFUSED: Final = 429


class Clock:
    """The time, and some hours more."""

    def __init__(self) -> None:
        """Begin now."""
        self.hours = 0

    def __call__(self) -> Instant:
        """Give this moment."""
        now = clocks.now()
        return Instant(now.boot + self.hours * HOUR, now.wall + self.hours * HOUR)


@dataclass
class Node:
    """A node's xelinkd, as far as it has to do with the API server."""

    settings: NodeFeature
    clock: Clock
    attempts: int = 0
    renewals: list[int] = field(default_factory=list)  # at which hour

    def begin(self) -> None:
        """Start it, or start it again: what it knew is gone."""
        sink = NodeFeatureSink(self.settings, self._asks, self.clock)
        self._keeper = Keeper(sink, float(self.settings.lease), self.clock, Memory())

    def observe(self, lines: tuple[str, ...]) -> None:
        """Take in an observation, and get it through; what fails is tried again when it may be."""
        deadline = time.monotonic() + PATIENCE
        while not self._keeper.step(lines, self.clock().boot):
            assert time.monotonic() < deadline, self._keeper.fault
            time.sleep(max(0.0, (self._keeper.retry_at or 0.0) - self.clock().boot))

    def _asks(self) -> None:
        self.attempts += 1
        if self.clock.hours:
            self.renewals.append(self.clock.hours)


def at_once(nodes: Iterable[Node], act: Callable[[Node], None]) -> float:
    """Have all nodes do something at the same moment, each in its own thread; give the seconds it took."""
    start, failed = threading.Event(), list[BaseException]()

    def run(node: Node) -> None:
        start.wait()
        try:
            act(node)
        except BaseException as error:  # noqa: BLE001  told below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(node,)) for node in nodes]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    start.set()
    for thread in threads:
        thread.join()
    assert failed == []
    return time.monotonic() - began


@pytest.fixture
def herd(
    cluster: Cluster, installed: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[list[Node]]:
    """Give the nodes, with the rights of the manifests, and an account of theirs."""
    many = request.config.getoption("--nodes")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    cluster.kubectl("create", "namespace", WHERE)
    cluster.kubectl("create", "serviceaccount", WHERE, f"--namespace={WHERE}")
    cluster.kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(moved(installed)))
    token = cluster.kubectl("create", "token", WHERE, f"--namespace={WHERE}").strip()
    mount_all(tmp_path, {"token": token, "ca.crt": cluster.certificate.read_text(), "namespace": WHERE})
    clock = Clock()
    with cluster.without("nfd-master"):  # there are no such nodes to label
        yield [Node(settings_of(number, tmp_path), clock) for number in range(many)]
        assert ask(cluster, "admin", "DELETE", FEATURES.format(WHERE)).status == OK


def settings_of(number: int, credentials: Path) -> NodeFeature:
    """Give a node's configuration."""
    node = f"node-{number:05}"
    return NodeFeature(node=node, daemonset="xelinkd", server=SERVER, credentials_dir=credentials)


def moved(manifests: str) -> Iterator[dict[str, Any]]:
    """Give rights and DaemonSet for the namespace of the herd; its pods go nowhere."""
    for document in documents(manifests):
        name = document["metadata"]["name"]
        if name != "xelinkd" or document["kind"] not in {"Role", "RoleBinding", "DaemonSet"}:
            continue
        document["metadata"]["namespace"] = WHERE
        if document["kind"] == "RoleBinding":
            document["subjects"] = [{"kind": "ServiceAccount", "name": WHERE, "namespace": WHERE}]
        if document["kind"] == "DaemonSet":
            document["spec"]["template"]["spec"]["nodeSelector"] = {"no": "node"}
        yield document


@dataclass(frozen=True)
class Heard:
    """How many requests the API server has answered: for each object, and in all for the DaemonSet."""

    of_object: Counter[str]
    for_owner: int


def heard(cluster: Cluster, since: int) -> Heard:
    """Count in the API server's log."""
    events = [event for event in cluster.audited()[since:] if event["objectRef"]["namespace"] == WHERE]
    answered = [event["objectRef"] for event in events if event["responseStatus"]["code"] < REFUSED]
    objects = Counter(each["name"] for each in answered if each["resource"] == "nodefeatures")
    return Heard(objects, sum(each["resource"] == "daemonsets" for each in answered))


def most_failures(seconds: float) -> int:
    """Give how often one request can fail in some seconds, by the least that is waited after each failure."""
    count, waited = 0, 0.0
    while waited <= seconds:
        waited += LEAST * ceiling(count)
        count += 1
    return count


def hold_to(planned: int, herd: list[Node], heard: Heard, seconds: float) -> None:
    """See that no node has asked more than planned, but for what failed, and so says the API server."""
    most = planned * (1 + most_failures(seconds))
    assert max(node.attempts for node in herd) <= most
    assert heard.of_object.total() + heard.for_owner <= sum(node.attempts for node in herd)
    assert len(heard.of_object) == len(herd)


def test_requests_of_a_life_are_bounded(cluster: Cluster, herd: list[Node], saw: Callable[..., None]) -> None:
    """Each of many nodes that start at once asks thrice, once for each change, twice a day, and no more."""
    since, began = len(cluster.audited()), time.monotonic()
    for node in herd:
        node.begin()
    started = at_once(herd, lambda node: node.observe(BEFORE))
    hold_to(3, herd, heard(cluster, since), time.monotonic() - began)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for herd[0].clock.hours in range(1, 25):
            list(pool.map(lambda node: node.observe(BEFORE), herd))
    hold_to(3 + 2, herd, heard(cluster, since), time.monotonic() - began)
    by_hour = Counter(hour for node in herd for hour in node.renewals)
    assert max(by_hour.values()) < len(herd) / 2  # by chance it is a fifth

    changed = at_once(herd, lambda node: node.observe(AFTER))
    for node in herd:
        node.begin()
    restarted = at_once(herd, lambda node: node.observe(AFTER))
    whole = heard(cluster, since)
    hold_to(3 + 2 + 1 + 2, herd, whole, time.monotonic() - began)

    many, asked = f"{len(herd)} nodes at once", sum(node.attempts for node in herd)
    answered = whole.of_object.total() + whole.for_owner
    saw(f"{many} start: all labelled", started, COLUMN)
    saw(f"{many} lose a link: all objects changed", changed, COLUMN)
    saw(f"{many} start again: all objects taken over", restarted, COLUMN)
    each = f"{max(node.attempts for node in herd)} at most, {asked / len(herd):.1f} on average"
    saw("requests of each for these three and a day between", each, COLUMN)
    saw("of them without an answer, and made again", f"{asked - answered} of {asked}", COLUMN)
