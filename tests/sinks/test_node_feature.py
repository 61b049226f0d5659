"""Labels kept in an object, against a server over real HTTPS; clock and chance are the tests' own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trustme
from support.keeping import ONE, TWO, WALL, Clock
from support.object_sink import FILE, keeper_of, new_sink
from support.ports import free_port

from standins.api_server import DAEMONSET, NAME, NAMESPACE, ApiServer, Refusal
from xelinkd.model.feature_file import FeatureFile
from xelinkd.model.labels import split_value
from xelinkd.sinks.api_server import ApiError
from xelinkd.sinks.sink import Absent, Foreign, Ours

if TYPE_CHECKING:
    from collections.abc import Callable

    from standins.api_server import Handler
    from xelinkd.sinks.node_feature import NodeFeatureSink


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
