"""Clients that are slow, broken or hostile: others are answered meanwhile, and memory stays bounded."""

from __future__ import annotations

import itertools
import resource
import socket
import struct
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
import urllib3
from support.daemon import wait_until
from support.serving import LARGE, all_of, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.serving import Served

BEGUN = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
MIB = 1024  # KiB


@contextmanager
def descriptors(enough: int) -> Iterator[None]:
    """Let this process have that many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, enough), hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def is_answered(served: Served) -> bool:
    """Tell whether a probe is answered."""
    with suppress(urllib3.exceptions.HTTPError):
        return served.get("/livez").data == b"ok"
    return False


def is_large_page_whole(served: Served) -> bool:
    """Tell whether a client that reads on gets all of a large page."""
    with suppress(urllib3.exceptions.HTTPError):
        return len(served.get("/large").data) == LARGE
    return False


def drip(clients: list[socket.socket]) -> None:
    """Let each send one byte more, if the server has not hung up on it."""
    for client in clients:
        with suppress(OSError):
            client.send(b"x")


def reset(sock: socket.socket) -> None:
    """Close a connection so that the other side is told that it broke."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def test_a_thousand_slow_clients_keep_no_probe_waiting(served: Served) -> None:
    """While 1,000 clients never finish their requests, a probe is answered; memory grows by megabytes."""
    before = served.peak_kib()
    with descriptors(1_100), ExitStack() as open_until_the_end:
        clients: list[socket.socket] = []
        for number in range(1_000):
            clients.append(open_until_the_end.enter_context(served.connect()))
            clients[-1].sendall(BEGUN)
            assert number % 50 or is_answered(served)
        for _ in range(10):
            drip(clients)
            assert is_answered(served)
        assert served.peak_kib() - before < 16 * MIB


def test_clients_who_come_and_go_keep_no_probe_waiting(served: Served) -> None:
    """Clients that connect again as soon as they are turned away cannot push a probe out."""
    with descriptors(1_100), ExitStack() as open_until_the_end:
        for _ in range(20):
            for _ in range(50):
                open_until_the_end.enter_context(served.connect())
            assert is_answered(served)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a server that waits 0.2 s for a request; a busy machine may make anybody too slow for it."""
    with serving(tmp_path_factory.mktemp("hasty"), {"head": 0.2}) as made:
        yield made


@pytest.mark.parametrize("sent", [b"", b"G", BEGUN, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
def test_half_a_request_is_not_waited_for(hasty: Served, sent: bytes) -> None:
    """A client that stops halfway, or speaks TLS where there is none, is hung up on."""
    assert hasty.exchange(sent) == b""
    wait_until(lambda: is_answered(hasty), "an answer to a quick client")


def test_dripping_does_not_put_off_the_end(hasty: Served) -> None:
    """A client that sends a byte now and then has no more time for its request than others."""
    with hasty.connect() as sock:
        sock.sendall(BEGUN)
        wait_until(lambda: not takes_another_byte(sock), "the connection to be closed")
        wait_until(lambda: is_answered(hasty), "an answer to a quick client")


def takes_another_byte(sock: socket.socket) -> bool:
    """Send a byte; False if the other side has hung up."""
    try:
        sock.send(b"x")
    except ConnectionError:
        return False
    return True


def test_idle_connection_is_closed(tmp_path: Path) -> None:
    """A client that asks once and then nothing keeps its connection for a while only."""
    with serving(tmp_path, {"idle": 0.2}) as served:
        assert served.exchange(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").endswith(b"ok")


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 8192,
        b"GET /" + b"x" * 100_000,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000,
        b"\0" * 8192,
    ],
)
def test_a_huge_head_is_refused(served: Served, head: bytes) -> None:
    """More than 8 KiB before the empty line are not read, and the client is told so."""
    assert served.exchange(head).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n\r\n",
        b"\n\n",
        b"GET\r\n\r\n",
        b"GET /livez\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\nHost: localhost\n\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"<html>\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(served: Served, head: bytes) -> None:
    """Whoever speaks something else is told so, and hung up on."""
    answer = served.exchange(head)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nConnection: close\r\n" in answer


def test_refusal_reaches_a_client_that_goes_on_sending(served: Served) -> None:
    """A client that is told why it is refused can read that, however much it has sent already."""
    for _ in range(20):
        assert b" 413 " in served.exchange(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99_999
        )


def test_slow_readers_cannot_hold_memory(served: Served) -> None:
    """Clients that ask for large pages and do not read them are hung up on before that takes much memory."""
    before = served.peak_kib()
    with ExitStack() as open_until_the_end:
        for _ in range(50):
            client = open_until_the_end.enter_context(served.connect())
            client.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert is_answered(served)
        wait_until(lambda: is_large_page_whole(served), "a large page that comes whole")
    assert served.peak_kib() - before < 32 * MIB


def test_slow_reader_is_hung_up_on(tmp_path: Path) -> None:
    """A client that takes its page too slowly gets a part of it."""
    with serving(tmp_path, {"response": 0.2}) as served:
        before = served.descriptors()
        with served.connect() as sock:
            sock.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert sock.recv(1) == b"H"
            wait_until(lambda: served.descriptors() == before, "the connection to be closed")
            with suppress(ConnectionError):
                assert len(all_of(sock)) < LARGE


def test_resets_leave_nothing_behind(served: Served) -> None:
    """Connections that break off, before, in and after a request, leave no descriptor open."""
    sent = (b"", BEGUN, b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
    wait_until(lambda: served.descriptors() < 20, "earlier clients to be gone")
    before = served.descriptors()
    for part in itertools.chain.from_iterable(itertools.repeat(sent, 50)):
        sock = served.connect()
        sock.sendall(part)
        reset(sock)
    assert is_answered(served)
    wait_until(lambda: served.descriptors() <= before, "the broken connections to be closed")


def test_few_descriptors_are_enough(tmp_path: Path) -> None:
    """Where the system lets the server have fewer connections than clients want, a probe is answered."""
    with serving(tmp_path) as served, ExitStack() as open_until_the_end:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.prlimit(served.pid, resource.RLIMIT_NOFILE, (served.descriptors() + 10, hard))
        for _ in range(100):
            open_until_the_end.enter_context(served.connect()).sendall(BEGUN)
        assert is_answered(served)
