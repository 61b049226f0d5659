"""The faults of Kubernetes' API server, where the labels are in an object: what it can do, and certificates.

Its object takes the place of the feature file. What is wrong is what it answers; the object itself stays.
"""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from support.daemon import wait_until

from faults import tls
from faults.fault import Fault
from faults.judge import longest_wait
from faults.meanwhile import meanwhile
from faults.ordeal import Findings, Ordeal
from faults.preload import preload
from faults.processes import PIPELINE
from faults.rig import AFTER, BEFORE, INTERVAL, standing, true_labels
from faults.watch import watching
from standins.api_server import ApiServer, Refusal

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from faults.preload import Preload
    from faults.record import Labels
    from faults.rig import Rig
    from faults.watch import Watch
    from standins.api_server import Handler

    Act = Callable[[Handler], None]
    Begin = Callable[[ApiServer, Rig], AbstractContextManager[None]]

_FAILURES: Final = 3  # so that the last wait is of 2 to 8 s
_FETCHES: Final = 5
_BACKOFF: Final = 1.0  # seconds; the longest for a worker that had done its work
_PATIENCE: Final = 20.0  # seconds
_MEMORY: Final = 100.0  # MiB
_DOWN: Final = 20 * 60.0  # seconds
_TELLING: Final = 64.0  # seconds; of a wait so long that a look takes a small part of a quarter
_LEASE: Final = 600.0  # seconds
_ENDED: Final = 5.0  # seconds that a service has to end
_ASKED_FOR: Final = 2  # seconds; of a Retry-After
_BLOCK: Final = 65536
_PAUSE: Final = 0.05  # seconds; a client that waits for single bytes sees nothing wrong


# What it does with a request.


def _say_nothing(handler: Handler) -> None:
    handler.rfile.read(1)  # until the client hangs up


def _hang_up(_handler: Handler) -> None:
    """Close the connection without a word."""


def _drip(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(100_000):
        time.sleep(_PAUSE)
        handler.wfile.write(b" ")


def _never_end(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b'{"metadata": {"name": "')
    while True:
        handler.wfile.write(_BLOCK * b"a")


def _cut(handler: Handler) -> None:
    body = json.dumps(handler.cluster.object).encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[:100])


def _answer(status: int, body: bytes, **headers: str) -> Act:
    return lambda handler: handler.answer(status, body, **headers)


class _Pending:
    """Holds a request until the client hangs up."""

    def __init__(self, *, is_done: bool = False) -> None:
        """Do before that what is asked for, or not; the answer is lost in any case."""
        self.came = threading.Event()
        self._is_done = is_done

    def __call__(self, handler: Handler) -> None:
        """Take a request."""
        if self._is_done:
            handler.wfile = io.BytesIO()
            handler.cluster.serve(handler, handler.cluster.asked[-1])
        self.came.set()
        _say_nothing(handler)


# Kinds of faults.


class _On:
    """A fault of the API server."""

    def __init__(self, begin: Begin, deadline: str) -> None:
        self._begin = begin
        self._deadline = deadline

    def prepare(self, rig: Rig) -> None:
        """Keep the labels there."""
        _keep_in_object(rig, deadline=self._deadline)

    def begin(self, rig: Rig) -> AbstractContextManager[None]:
        """Let it fail."""
        return self._begin(_cluster(rig), rig)


def _keep_in_object(rig: Rig, **settings: str) -> ApiServer:
    rig.cluster = cluster = ApiServer(rig.folder)
    rig.undo.enter_context(cluster.serving())
    rig.daemon.configure(sink={"kind": "node-feature"}, node_feature=cluster.settings(**settings))
    return cluster


def _cluster(rig: Rig) -> ApiServer:
    if rig.cluster is None:
        raise ValueError("the labels are kept in a file")
    return rig.cluster


def _fault(name: str, begin: Begin, *tells: str, deadline: str = "1s") -> Fault:
    on = _On(begin, deadline)
    return Fault(
        f"API server: {name}",
        on.begin,
        tells,
        on.prepare,
        fetches=_FETCHES,
        failures=_FAILURES,
        once=True,
    )


def _answering(name: str, act: Act | Refusal, *tells: str) -> Fault:
    """Answer each request like that."""

    @contextmanager
    def begin(cluster: ApiServer, _rig: Rig) -> Iterator[None]:
        cluster.always = act
        yield
        cluster.always = None

    return _fault(name, begin, *tells)


def _speaking(name: str, context: Callable[[ApiServer], ssl.SSLContext]) -> Fault:
    """Show another certificate."""
    return _fault(name, lambda cluster, _rig: cluster.speaking(context(cluster)), "tls_certificate")


@contextmanager
def _without_its_kind(cluster: ApiServer, _rig: Rig) -> Iterator[None]:
    cluster.has_crd = False
    yield
    cluster.has_crd = True


@contextmanager
def _token_rotated(cluster: ApiServer, _rig: Rig) -> Iterator[None]:
    """Take another token from now on; the pod's file follows when the fault is over."""
    cluster.token = "another-token"  # noqa: S105  no secret
    yield
    cluster.write_credentials()


@contextmanager
def _ca_rotated(cluster: ApiServer, _rig: Rig) -> Iterator[None]:
    """Be certified by another authority; the pod's file follows when the fault is over."""
    cluster.rotate_ca()
    yield
    cluster.write_credentials()


def _killed(name: str, *, is_done: bool) -> Fault:
    """Kill the writer while it waits for the answer; its successor does all that is left to do."""

    @contextmanager
    def begin(cluster: ApiServer, rig: Rig) -> Iterator[None]:
        pending = _Pending(is_done=is_done)
        cluster.instead.append(pending)

        def kill() -> None:
            if not pending.came.wait(_PATIENCE):
                raise AssertionError("waited in vain for a request")
            os.kill(rig.daemon.workers()["writer"], signal.SIGKILL)

        with meanwhile(kill):
            yield

    return replace(
        _fault(name, begin, "worker_ended", deadline="5s"),
        failures=0,
        follows=True,
        counts=False,  # the fetcher is replaced, too
        may_end=PIPELINE,
        grace=_BACKOFF,
    )


# Faults with a course of their own.


@dataclass(slots=True)
class _Scene:
    """A daemon whose clocks run on when they are told to, and what was seen of it."""

    rig: Rig
    cluster: ApiServer
    clocks: Preload
    watch: Watch
    injected: float = 0.0  # seconds
    failures: int = 0
    began: float = field(default_factory=time.monotonic)
    complaints: list[str] = field(default_factory=list)

    def pass_time(self, seconds: float) -> None:
        """Let so much time have passed."""
        self.clocks.suspend(seconds)
        self.injected += seconds

    def wait_for_a_failure(self) -> None:
        """Wait until one more request has failed."""
        self.failures += 1
        wait_until(
            lambda: self.rig.failures() >= self.failures, f"{self.failures} failed requests", _PATIENCE
        )

    def wait_in_vain(self) -> None:
        """Let the longest wait pass; before a quarter of it nothing may be asked."""
        wait = longest_wait(self.failures)
        if wait >= _TELLING:
            self.pass_time(wait / 5)
            time.sleep(2 * INTERVAL)  # each fetch is an occasion
            if self.rig.failures() > self.failures:
                self.complaints.append(f"asked before a quarter of {wait:g} s was over")
            wait -= wait / 5
        self.pass_time(wait)

    def recovers(self, labels: Labels) -> float:
        """Give the seconds of real time after the last wait until these labels are there."""
        asked, began = len(self.cluster.asked), time.monotonic()
        wait_until(lambda: self.rig.labels() == labels, "the labels", _PATIENCE)
        recovery = time.monotonic() - began
        time.sleep(2 * INTERVAL)
        if len(self.cluster.asked) > asked + 1:
            self.complaints.append(f"{len(self.cluster.asked) - asked} requests after it was over")
        if recovery > INTERVAL + 1.0:
            self.complaints.append(f"the new truth came after {recovery:.2f} s")
        return recovery

    def findings(self, recovery: float, *truths: Labels) -> Findings:
        """Sum up; the truths are what the object had to say, one after the other."""
        complaints = [*self.complaints, *(f"{name} died" for name in self.watch.deaths)]
        seen = [sighting.labels for sighting in self.watch.sightings]
        if seen != list(truths):
            complaints.append(f"the labels were one after the other: {seen}")
        if self.watch.peak_mib >= _MEMORY:
            complaints.append(f"{self.watch.peak_mib:.0f} MiB")
        note = f"requests failed: {self.failures} in {self.injected / 60:.0f} min"
        return Findings(recovery, self.watch.peak_mib, tuple(complaints), note)


@contextmanager
def _scene(**settings: str) -> Iterator[_Scene]:
    with standing() as rig:
        clocks, cluster = preload(rig), _keep_in_object(rig, **settings)
        rig.daemon.start()
        rig.wait_for_labels(true_labels(BEFORE), _PATIENCE)
        rig.daemon.wait_for_workers()
        with watching(rig.labels, rig.daemon.pid) as watch:
            yield _Scene(rig, cluster, clocks, watch)


def _down_for_long() -> Findings:
    """Let it be away for 20 minutes; the wait comes to its longest."""
    with _scene() as scene:
        with scene.cluster.away():
            scene.rig.source.show(AFTER)
            scene.wait_for_a_failure()
            while scene.injected < _DOWN:
                scene.wait_in_vain()
                scene.wait_for_a_failure()
        scene.wait_in_vain()
        recovery = scene.recovers(true_labels(AFTER))
    return scene.findings(recovery, true_labels(BEFORE), true_labels(AFTER))


def _down_at_the_end() -> Findings:
    """Let it be away, and the source, when the lease ends: the object goes when it can, and comes again."""
    with _scene(lease=f"{_LEASE:.0f}s") as scene:
        with scene.rig.source.refusing():
            with scene.cluster.away():
                scene.pass_time(_LEASE)
                scene.wait_for_a_failure()
            scene.wait_in_vain()
            recovery = scene.recovers(None)
        scene.rig.wait_for_labels(true_labels(BEFORE), _PATIENCE)
    return scene.findings(recovery, true_labels(BEFORE), None, true_labels(BEFORE))


def _told_to_end() -> Findings:
    """Tell the daemon to end while a request hangs; its successor adopts the object and brings the new truth.

    The recovery is the time until it is down.
    """
    pending = _Pending()
    with standing() as rig:
        cluster = _keep_in_object(rig)
        rig.daemon.start()
        rig.wait_for_labels(true_labels(BEFORE), _PATIENCE)
        with watching(rig.labels, rig.daemon.pid) as watch:
            cluster.instead.append(pending)
            rig.source.show(AFTER)
            wait_until(pending.came.is_set, "a request", _PATIENCE)
            began = time.monotonic()
            status = rig.daemon.stop()
            took = time.monotonic() - began
        seen = [sighting.labels for sighting in watch.sightings]
        rig.daemon.start()
        rig.daemon.wait_for("labels_adopted")
        rig.wait_for_labels(true_labels(AFTER), _PATIENCE)
    complaints = [] if seen == [true_labels(BEFORE)] else [f"the labels were one after the other: {seen}"]
    if status:
        complaints.append(f"exit status {status}")
    if took > _ENDED:
        complaints.append(f"it was down after {took:.2f} s")
    return Findings(took, watch.peak_mib, tuple(complaints), "then labels_adopted")


FAULTS: Final[tuple[Fault | Ordeal, ...]] = (
    _fault("refused", lambda cluster, _rig: cluster.away(), "refused"),
    _answering("silent", _say_nothing, "timeout"),
    _answering("dripping", _drip, "timeout"),
    _answering("closed without a word", _hang_up, "closed"),
    _answering("400", Refusal(400), "http_status"),
    _answering("401", Refusal(401, "Unauthorized"), "unauthorized"),
    _answering("403", Refusal(403, "forbidden"), "forbidden"),
    _fault("404 of the kind", _without_its_kind, "not_installed"),
    _answering("409", Refusal(409, "the object has been modified"), "conflict"),
    _answering("422", Refusal(422, "denied by a policy"), "invalid"),
    replace(
        _answering(
            "429 with Retry-After", Refusal(429, headers={"Retry-After": str(_ASKED_FOR)}), "overloaded"
        ),
        grace=float(_ASKED_FOR),
    ),
    _answering("500", Refusal(500), "server_error"),
    _answering("503", Refusal(503), "server_error"),
    _answering("redirect elsewhere", _answer(307, b"", Location="https://127.0.0.1:1/"), "http_status"),
    _answering("endless answer", _never_end, "too_large", "timeout"),
    _answering("cut answer", _cut, "truncated"),
    _answering("not JSON", _answer(200, b"<html>welcome</html>", Content_Type="text/html"), "malformed"),
    _answering("nested a million deep", _answer(200, b"[" * 1_000_000), "malformed"),
    _answering("another object", _answer(200, b'{"metadata": {"name": "another"}}'), "malformed"),
    _speaking("certificate of a wrong CA", lambda _cluster: tls.certified(tls.stranger())),
    _speaking("certificate of a wrong name", lambda cluster: tls.certified(cluster.ca, "127.0.0.2")),
    _speaking(
        "certificate expired", lambda cluster: tls.certified(cluster.ca, valid_for=timedelta(hours=-1))
    ),
    _fault("token rotated mid-run", _token_rotated, "unauthorized"),
    _fault("CA rotated mid-run", _ca_rotated, "tls_certificate"),
    Ordeal("API server: down for 20 minutes", _down_for_long),
    Ordeal("API server: down when the lease ends, no source", _down_at_the_end),
    _killed("writer killed before it did what was asked", is_done=False),
    _killed("writer killed before its answer came", is_done=True),
    Ordeal("API server: SIGTERM while it is silent", _told_to_end),
)
