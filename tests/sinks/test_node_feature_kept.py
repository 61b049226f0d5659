"""A keeper's life with labels in an object; clock and chance are the tests' own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.keeping import LEASE, ONE, TWO, Clock
from support.object_sink import FILE, keeper_of, new_sink

from standins.api_server import NAMESPACE, NODE, ApiServer, Refusal
from xelinkd.model.feature_file import FeatureFile
from xelinkd.model.pacing import LONGEST
from xelinkd.sinks.feature_file import FeatureFileSink
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import Memory

if TYPE_CHECKING:
    from pathlib import Path

    from xelinkd.sinks.node_feature import NodeFeatureSink


def test_steady_node_asks_nothing(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink) -> None:
    """While nothing changes there is one request in about half a lease, and none besides."""
    keeper = keeper_of(sink, clock)
    for _ in range(401):
        assert keeper.step(ONE, clock.boot)
        clock.advance(10)
    times = cluster.requests()
    assert times[:3] == ["GET daemonsets", "GET nodefeatures", "PATCH nodefeatures"]
    assert set(times[3:]) == {"PATCH nodefeatures"}
    assert len(times[3:]) == 4010 // 410  # with this chance, a stamp is renewed with 60 % of the lease left


@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.4), (0.5, 0.5), (1.0, 0.6)])
def test_nodes_renew_apart(cluster: ApiServer, clock: Clock, chance: float, share: float) -> None:
    """Nodes that began together renew at moments of their own, over a fifth of the lease."""
    assert new_sink(cluster, clock, chance).renewal == pytest.approx(share)


def test_labels_hold_while_the_server_is_away(
    cluster: ApiServer, clock: Clock, sink: NodeFeatureSink
) -> None:
    """Faults of the API server cost no label; a change comes through once it is back."""
    keeper = keeper_of(sink, clock)
    assert keeper.step(ONE, clock.boot)
    cluster.always = Refusal(503)
    for _ in range(60):
        clock.advance(10)
        assert not keeper.step(TWO, clock.boot)
    assert keeper.fault
    assert "503" in keeper.fault.error
    assert keeper.retry_at is not None
    assert cluster.labels() == {"gpu.intel.com/xe-links": "0.0-1.0"}
    cluster.always = None
    clock.boot = keeper.retry_at
    assert keeper.step()
    assert cluster.labels() == {"gpu.intel.com/xe-links": "0.0-1.0_0.0-2.0"}
    assert keeper.fault is None
    assert keeper.retry_at is None


def test_errors_are_counted_once_each(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink) -> None:
    """The count of errors is that of failed requests, not of steps that waited."""
    keeper = keeper_of(sink, clock)
    cluster.always = Refusal(500)
    for _ in range(5):
        keeper.step(ONE, clock.boot)
    assert keeper.take_work().errors == 1


def test_successor_asks_nothing(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink) -> None:
    """A writer that crashed is replaced without a request, and one that has to wait goes on waiting."""
    memory = Memory()
    keeper_of(sink, clock, memory).step(ONE, clock.boot)
    asked = len(cluster.asked)
    for _ in range(10):
        keeper = keeper_of(new_sink(cluster, clock), clock, memory)
        assert keeper.step(ONE, clock.boot)
    assert len(cluster.asked) == asked
    cluster.always = Refusal(500)
    for _ in range(10):
        assert not keeper_of(new_sink(cluster, clock), clock, memory).step(TWO, clock.boot)
    assert len(cluster.asked) == asked + 1


def test_successor_for_another_node(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink) -> None:
    """What is known of one object is not taken for another's."""
    memory = Memory()
    keeper_of(sink, clock, memory).step(ONE, clock.boot)
    keeper_of(new_sink(cluster, clock, node="node-2"), clock, memory).step(ONE, clock.boot)
    assert cluster.asked[-1].path.endswith("xelinkd-for-node-2")
    assert cluster.asked[-1].method == "PATCH"


def test_lease_that_ends(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink) -> None:
    """Labels that nothing confirmed for a whole lease are deleted, even by a server that is back late."""
    keeper = keeper_of(sink, clock)
    keeper.step(ONE, clock.boot)
    cluster.always = Refusal(503)
    clock.advance(LEASE)
    assert not keeper.step()
    assert cluster.object
    cluster.always = None
    clock.advance(LONGEST)
    assert keeper.step()
    assert cluster.object is None


def test_object_changed_at_the_end_of_the_lease(
    cluster: ApiServer, clock: Clock, sink: NodeFeatureSink
) -> None:
    """What another xelinkd of the node renewed meanwhile is adopted rather than removed."""
    keeper = keeper_of(sink, clock)
    keeper.step(ONE, clock.boot)
    clock.advance(LEASE)
    new_sink(cluster, clock).write(FeatureFile(ONE, int(clock.wall) + 500))
    assert not keeper.step()
    clock.advance(LONGEST)
    assert keeper.step()
    assert keeper.end == clock.boot + 200
    assert cluster.labels()


def test_adopted_labels_are_not_written(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink) -> None:
    """A restart or a rollout changes nothing: two requests to look, none to write."""
    keeper_of(sink, clock).step(ONE, clock.boot)
    cluster.asked.clear()
    clock.advance(100)
    keeper = keeper_of(new_sink(cluster, clock), clock)
    assert keeper.step()
    assert keeper.end == clock.boot + 900
    assert keeper.step(ONE, clock.boot)
    assert cluster.requests() == ["GET daemonsets", "GET nodefeatures"]


def lose_the_answer(handler: Any) -> None:  # noqa: ANN401  a handler
    """Do what is asked, and hang up before that is told."""
    handler.give = lambda *_: None
    handler.cluster.serve(handler, handler.cluster.asked[-1])
    handler.connection.close()


def test_write_whose_answer_is_lost(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink) -> None:
    """What may have been written is not taken for what was there: links that come back get their labels."""
    keeper = keeper_of(sink, clock)
    keeper.step(ONE, clock.boot)
    cluster.instead.append(lose_the_answer)
    assert not keeper.step(TWO, clock.boot)
    clock.advance(LONGEST)
    assert keeper.step(ONE, clock.boot)
    assert cluster.labels() == {"gpu.intel.com/xe-links": "0.0-1.0"}


@pytest.mark.parametrize("crashes", [False, True])
def test_object_whose_making_was_not_told(cluster: ApiServer, clock: Clock, crashes: bool) -> None:  # noqa: FBT001
    """Labels that may have come to be go at the end of their lease like all others."""
    memory = Memory()
    keeper = keeper_of(new_sink(cluster, clock), clock, memory)
    cluster.instead.extend([None, None, lose_the_answer])
    assert not keeper.step(ONE, clock.boot)
    assert cluster.labels()
    clock.advance(LEASE)
    for _ in range(3):
        keeper = keeper_of(new_sink(cluster, clock), clock, memory) if crashes else keeper
        keeper.step()
        clock.advance(LONGEST)
    assert cluster.object is None


def test_namespace_that_is_named_now(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink) -> None:
    """Whoever writes down the namespace that was the pod's own moves nothing: the object stays."""
    keeper_of(sink, clock).step(ONE, clock.boot)
    former = [new_sink(cluster, clock)]
    keeper = Keeper(new_sink(cluster, clock, namespace=NAMESPACE), LEASE, clock, Memory(), former)
    assert keeper.step(ONE, clock.boot)
    assert keeper.has_moved
    assert cluster.labels()


@pytest.mark.parametrize("is_observed", [False, True])
def test_new_place_that_cannot_be_seen(
    cluster: ApiServer,
    clock: Clock,
    sink: NodeFeatureSink,
    tmp_path: Path,
    is_observed: bool,  # noqa: FBT001
) -> None:
    """Labels on their way to a file that cannot be written stay where they were for their lease only."""
    keeper_of(sink, clock).step(ONE, clock.boot)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    file = FeatureFileSink(loop / "labels", loop / ".xelinkd")
    keeper = Keeper(file, LEASE, clock, Memory(), [new_sink(cluster, clock)])
    clock.advance(LEASE - 1)
    assert not keeper.step(ONE if is_observed else None, clock.boot)
    assert cluster.labels()
    clock.advance(1)
    assert not keeper.step(ONE if is_observed else None, clock.boot)
    assert cluster.object is None
    assert keeper.fault


def test_what_is_sent(cluster: ApiServer, sink: NodeFeatureSink) -> None:
    """A write is an apply by a field manager of our own, which takes back fields that others took."""
    sink.write(FILE)
    (asked,) = (asked for asked in cluster.asked if asked.method == "PATCH")
    assert asked.query == {"fieldManager": "xelinkd", "force": "true"}
    assert asked.headers["user-agent"].startswith("xelinkd/")
    assert json.loads(asked.body)["metadata"]["labels"]["nfd.node.kubernetes.io/node-name"] == NODE
