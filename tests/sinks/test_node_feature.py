"""Labels kept in an object, against a server over real HTTPS; clock and chance are the tests' own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from support.keeping import LEASE, ONE, TWO, WALL, Clock
from support.ports import free_port

from standins.api_server import DAEMONSET, NAME, NAMESPACE, NODE, ApiServer, Refusal
from xelinkd.config.sinks import NodeFeature
from xelinkd.model.feature_file import FeatureFile
from xelinkd.model.labels import split_value
from xelinkd.model.pacing import LONGEST
from xelinkd.sinks.api_server import ApiError
from xelinkd.sinks.feature_file import FeatureFileSink
from xelinkd.sinks.node_feature import NodeFeatureSink
from xelinkd.sinks.sink import Absent, Foreign, Ours
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from standins.api_server import Handler

FILE = FeatureFile(ONE, WALL + 1000)


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


def settings_of(cluster: ApiServer, **others: Any) -> NodeFeature:  # noqa: ANN401  any keys
    """Give the settings that lead to a cluster."""
    given: dict[str, Any] = cluster.settings(**others)
    return NodeFeature(**given | {"credentials_dir": Path(given["credentials_dir"])})


def new_sink(cluster: ApiServer, clock: Clock, chance: float = 1.0, **others: Any) -> NodeFeatureSink:  # noqa: ANN401  any keys
    """Give a sink that knows nothing yet."""
    settings = settings_of(cluster, **others)
    return NodeFeatureSink(settings, lambda: None, clock=clock, chance=lambda: chance)


@pytest.fixture
def sink(cluster: ApiServer, clock: Clock) -> NodeFeatureSink:
    """Give a sink that knows nothing yet."""
    return new_sink(cluster, clock)


def reason(act: Callable[[], object]) -> str:
    """Give why an act fails."""
    with pytest.raises(ApiError) as caught:
        act()
    return str(caught.value.reason)


# What is there.


def test_what_is_written_is_read_by_the_next(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink) -> None:
    """A restarted xelinkd finds labels and end as they were, and need not write them again."""
    assert sink.read() == Absent()
    sink.write(FILE)
    assert sink.read() == new_sink(cluster, clock).read() == Ours(FILE, usable=True)


def test_nothing_is_asked_twice(cluster: ApiServer, sink: NodeFeatureSink) -> None:
    """The object is looked at once, and its owner; after that each write is one request."""
    for _ in range(3):
        sink.signature()
        sink.read()
    sink.write(FILE)
    sink.write(FeatureFile(TWO, WALL))
    assert cluster.requests() == [
        "GET daemonsets",
        "GET nodefeatures",
        "PATCH nodefeatures",
        "PATCH nodefeatures",
    ]


def test_labels_that_came_and_went(cluster: ApiServer, sink: NodeFeatureSink) -> None:
    """What is no label any more leaves the object; what others put there stays."""
    sink.write(FeatureFile(("gpu.intel.com/xe-links=0.0-1.0", "gpu.intel.com/xe-links2=Z_0.0-2.0"), WALL))
    cluster.objects[cluster.path]["spec"]["labels"]["example.com/mine"] = "1"
    sink.write(FILE)
    assert cluster.labels() == {"gpu.intel.com/xe-links": "0.0-1.0", "example.com/mine": "1"}


def test_object_of_others(cluster: ApiServer, sink: NodeFeatureSink) -> None:
    """An object that is not ours is not adopted; labels come beside what it has."""
    cluster.put(cluster.path, {"metadata": {"name": NAME}, "spec": {"labels": {"mine/a": "1"}}})
    assert isinstance(sink.read(), Foreign)
    sink.write(FILE)
    assert cluster.labels() == {"gpu.intel.com/xe-links": "0.0-1.0", "mine/a": "1"}


def test_object_with_more_than_any_machine_has(
    cluster: ApiServer, clock: Clock, sink: NodeFeatureSink
) -> None:
    """A megabyte of labels under our mark is not adopted: the writer goes on, and writes its own."""
    sink.write(FILE)
    pairs = "_".join(f"{one}.0-{other}.0" for one in range(1000, 1300) for other in range(2000, 2300))
    names = ["xe-links", *(f"xe-links{number}" for number in range(2, 100_000))]
    values = split_value(pairs)
    given = {f"gpu.intel.com/{name}": value for name, value in zip(names, values, strict=False)}
    cluster.objects[cluster.path]["spec"]["labels"] = given
    keeper = keeper_of(new_sink(cluster, clock), clock)
    assert keeper.step()
    assert keeper.held is None
    assert keeper.step(ONE, clock.boot)
    assert cluster.labels()["gpu.intel.com/xe-links"] == "0.0-1.0"


@pytest.mark.parametrize("owner", ["", DAEMONSET])
def test_owner_made_anew(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink, owner: str) -> None:
    """After the DaemonSet was made anew the object needs a write: the old owner's end would take it along."""
    sink.write(FILE)
    cluster.add_daemonset("another-uid")
    assert new_sink(cluster, clock, daemonset=owner).read() == Ours(FILE, usable=not owner)


def test_owner_that_is_not_there(cluster: ApiServer, sink: NodeFeatureSink) -> None:
    """Labels matter more than who owns them: without an owner they are written all the same."""
    cluster.instead.append(Refusal(404))
    assert sink.read() == Absent()
    sink.write(FILE)
    assert "ownerReferences" not in (cluster.object or {})["metadata"]
    sink.write(FILE)
    assert cluster.requests("GET") == ["GET daemonsets", "GET nodefeatures"]


def test_owner_that_is_refused(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink) -> None:
    """A refusal may pass, as after a start of the API server; one that stays delays no label for long."""
    cluster.instead.extend([Refusal(403)] * 3)
    for seconds in (2, 4):
        assert reason(lambda: sink.write(FILE)) == "forbidden"
        clock.advance(seconds)
    sink.write(FILE)
    assert "ownerReferences" not in (cluster.object or {})["metadata"]


def test_owner_whose_refusal_passes(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink) -> None:
    """An object that is written while the API server starts goes with its DaemonSet like any other."""
    cluster.instead.append(Refusal(403))
    assert reason(lambda: sink.write(FILE)) == "forbidden"
    clock.advance(2)
    sink.write(FILE)
    assert [owner["name"] for owner in (cluster.object or {})["metadata"]["ownerReferences"]] == [DAEMONSET]


def test_owner_that_is_not_told_yet(cluster: ApiServer, sink: NodeFeatureSink) -> None:
    """A server that stumbles over the owner does not leave the object without one."""
    cluster.instead.append(Refusal(500))
    assert reason(lambda: sink.write(FILE)) == "server_error"
    assert cluster.object is None


# The end.


def test_removed(cluster: ApiServer, sink: NodeFeatureSink) -> None:
    """Labels whose lease has ended are gone, and nobody asks again; new ones can come."""
    sink.write(FILE)
    sink.remove()
    assert (cluster.object, sink.signature(), sink.read()) == (None, None, Absent())
    sink.write(FILE)
    assert cluster.labels()


def test_object_that_changed_is_looked_at_again(cluster: ApiServer, sink: NodeFeatureSink) -> None:
    """What another one wrote since is not removed unseen."""
    sink.write(FILE)
    cluster.touch()
    before = sink.signature()
    assert reason(sink.remove) == "conflict"
    assert cluster.object
    assert sink.signature() != before


def test_object_that_is_gone(cluster: ApiServer, sink: NodeFeatureSink) -> None:
    """To remove what somebody else removed is no fault."""
    sink.write(FILE)
    del cluster.objects[cluster.path]
    sink.remove()
    assert sink.read() == Absent()


# Faults.


FAULTS = [
    (Refusal(401), "unauthorized"),
    (Refusal(403), "forbidden"),
    (Refusal(409), "conflict"),
    (Refusal(418), "http_status"),
    (Refusal(301, headers={"Location": "https://elsewhere/"}), "http_status"),
    (Refusal(422), "invalid"),
    (Refusal(429), "overloaded"),
    (Refusal(500), "server_error"),
    (Refusal(503), "server_error"),
    (lambda handler: handler.connection.close(), "closed"),
    (lambda handler: handler.give(200, {"metadata": {"name": "another"}}), "malformed"),
    (lambda handler: handler.give(200, {"items": []}), "malformed"),
    (lambda handler: handler.answer(200, b"<html>"), "malformed"),
    (lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"), "protocol"),
    (lambda handler: handler.answer(200, bytes(9 << 20)), "too_large"),
]


@pytest.mark.parametrize(("fault", "word"), FAULTS)
def test_fault(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink, fault: Any, word: str) -> None:  # noqa: ANN401  an answer
    """Every fault has its word; until the wait is over it stands without another request, then it is over."""
    sink.read()
    sink.write(FILE)
    cluster.instead.append(fault)
    asked = len(cluster.asked) + 1
    assert reason(lambda: sink.write(FILE)) == word
    assert sink.retry_at == clock.boot + 2
    for _ in range(3):
        assert reason(lambda: sink.write(FILE)) == word
    assert len(cluster.asked) == asked
    clock.advance(2)
    sink.write(FILE)
    assert sink.retry_at is None


def wait_for_more(handler: Any) -> None:  # noqa: ANN401  a handler
    """Say nothing until the client hangs up."""
    handler.rfile.read(1)


def test_silent_server(cluster: ApiServer, clock: Clock) -> None:
    """A server that says nothing costs the deadline, once."""
    sink = new_sink(cluster, clock, deadline=0.2)
    cluster.instead.append(wait_for_more)
    assert reason(sink.read) == "timeout"


def test_server_that_is_down(cluster: ApiServer, clock: Clock) -> None:
    """Where nothing listens, the fault says so."""
    assert reason(new_sink(cluster, clock, server=f"https://127.0.0.1:{free_port()}").read) == "refused"


def test_server_of_another_cluster(cluster: ApiServer, sink: NodeFeatureSink) -> None:
    """A server whose certificate this cluster's CA did not sign gets no token."""
    (cluster.credentials / "ca.crt").write_bytes(trustme.CA().cert_pem.bytes())
    assert reason(sink.read) == "tls_certificate"
    assert cluster.asked == []


def test_cluster_without_nfd(cluster: ApiServer, sink: NodeFeatureSink) -> None:
    """A cluster that knows no NodeFeature is told from one that has no such object yet."""
    cluster.has_crd = False
    assert reason(sink.read) == "not_installed"


def test_retry_after(cluster: ApiServer, clock: Clock, sink: NodeFeatureSink) -> None:
    """A server that asks for time gets it, and a moment more."""
    cluster.instead.append(Refusal(429, headers={"Retry-After": "60"}))
    assert reason(sink.read) == "overloaded"
    assert sink.retry_at == clock.boot + 62


@pytest.mark.parametrize("content", ["", "two words", "tokén", "a\r\nX-Evil: 1"])
def test_token_that_is_none(cluster: ApiServer, sink: NodeFeatureSink, content: str) -> None:
    """What cannot be a token is neither sent nor shown."""
    (cluster.credentials / "token").write_text(content)
    with pytest.raises(ApiError) as caught:
        sink.read()
    if content != "a\r\nX-Evil: 1":  # its first line is a token, if a wrong one
        assert caught.value.reason == "password_unreadable"
        assert cluster.asked == []
    assert "words" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 %b Bearer the-token\r\n\r\n", id="status line"),
        pytest.param(
            b'HTTP/1.1 403 No\r\n\r\n{"kind": "Status", "message": "Bearer the-token"}', id="refusal"
        ),
        pytest.param(
            b'HTTP/1.1 503 No\r\n\r\n{"kind": "Status", "message": "Bearer the-token"}', id="overload"
        ),
    ],
)
def test_token_that_comes_back(cluster: ApiServer, sink: NodeFeatureSink, answer: bytes) -> None:
    """A server that sends the token back, wherever it puts it, does not bring it into the log."""

    def reflect(handler: Handler) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    cluster.instead.append(reflect)
    with pytest.raises(ApiError, match=r"Bearer \*\*\*") as caught:
        sink.read()
    assert "the-token" not in str(caught.value)


def test_credentials_that_rotate(cluster: ApiServer, sink: NodeFeatureSink) -> None:
    """A new token and another CA count from the next request on."""
    sink.write(FILE)
    cluster.token = "another"  # noqa: S105  no secret
    cluster.write_credentials()
    sink.write(FILE)
    assert [asked.headers["authorization"] for asked in cluster.asked[-2:]] == [
        "Bearer the-token",
        "Bearer another",
    ]


def test_namespace_of_the_pod(cluster: ApiServer, clock: Clock) -> None:
    """Where no namespace is configured the object is in the pod's own; if that is unknown, it is said."""
    sink = new_sink(cluster, clock)
    sink.read()
    assert sink.place == f"NodeFeature {NAMESPACE}/{NAME}"
    assert new_sink(cluster, clock, namespace="other").read() == Absent()
    assert "/namespaces/other/" in cluster.asked[-1].path
    (cluster.credentials / "namespace").unlink()
    assert reason(new_sink(cluster, clock).read) == "no_namespace"


def test_proxies_are_not_asked(
    cluster: ApiServer, sink: NodeFeatureSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy in the environment gets neither token nor labels."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert sink.read() == Absent()
    assert cluster.asked


# A keeper's life with it.


def keeper_of(sink: NodeFeatureSink, clock: Clock, memory: Memory | None = None) -> Keeper:
    """Give a keeper at the beginning of its life."""
    return Keeper(sink, LEASE, clock, memory or Memory())


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
