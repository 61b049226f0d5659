"""The bounds of a fetch hold against servers that do what no server should."""

from __future__ import annotations

import contextlib
import itertools
import socket
import time
from typing import TYPE_CHECKING

import pytest
from support.pages import fetched

from xelinkd.model.unknown import Reason
from xelinkd.net.bounded_http import connect
from xelinkd.net.deadline import Deadline
from xelinkd.net.failure import FetchError
from xelinkd.sources.place import Place

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator

    Script = Callable[[socket.socket, threading.Event], None]

_OK = b"HTTP/1.1 200 OK\r\n"
_BUDGET = 64 * 1024


def _source(port: int, seconds: float = 0.3, scheme: str = "http", host: str = "127.0.0.1") -> Place:
    return Place(f"{scheme}://{host}:{port}/metrics", seconds, None, _BUDGET)


def _reason(source: Place) -> Reason:
    with pytest.raises(FetchError) as caught:
        fetched(source)
    return caught.value.reason


def _drip(start: bytes, pieces: Iterable[bytes]) -> Script:
    """Send the start at once and then a piece every 20 ms, for at most 20 s."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        for piece in itertools.islice(pieces, 1000):
            if over.wait(0.02):
                return
            connection.sendall(piece)

    return script


def _flood(start: bytes, piece: bytes) -> Script:
    """Send the start and then the piece without end."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        while not over.is_set():
            connection.sendall(piece)

    return script


def _silence(start: bytes) -> Script:
    return _drip(start, itertools.repeat(b""))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(_silence(b""), id="silent"),
        pytest.param(_silence(_OK), id="silent in the headers"),
        pytest.param(_silence(_OK + b"Content-Length: 9\r\n\r\n"), id="silent after the headers"),
        pytest.param(_silence(_OK + b"Content-Length: 9\r\n\r\nxpum"), id="silent in the body"),
        pytest.param(_silence(_OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"), id="silent in a chunk"),
        pytest.param(_drip(b"", itertools.cycle([b"H", b"T"])), id="dripped status line"),
        pytest.param(_drip(_OK + b"A: ", itertools.repeat(b"a")), id="dripped header"),
        pytest.param(
            _drip(b"", itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n")), id="dripped 100 Continue"
        ),
        pytest.param(_drip(_OK + b"Content-Length: 9999\r\n\r\n", itertools.repeat(b"x")), id="dripped body"),
        pytest.param(_drip(_OK + b"\r\n", itertools.repeat(b"x")), id="dripped body without length"),
        pytest.param(
            _drip(_OK + b"Transfer-Encoding: chunked\r\n\r\n", itertools.repeat(b"1\r\nx\r\n")),
            id="dripped chunks",
        ),
        pytest.param(
            _drip(_OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", itertools.repeat(b"A: b\r\n")),
            id="dripped trailers",
        ),
    ],
)
def test_a_server_that_takes_too_long_ends_as_a_timeout(serve: Callable[..., int], script: Script) -> None:
    """However a server spreads its bytes over time, the whole fetch ends by its deadline."""
    assert _reason(_source(serve(script))) is Reason.TIMEOUT


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(_flood(_OK + b"\r\n", b"x" * 4096), id="endless body"),
        pytest.param(_flood(_OK + b"Content-Length: 999999999999999\r\n\r\n", b"x" * 4096), id="long body"),
        pytest.param(_flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99), id="endless 100 Continue"),
        pytest.param(_flood(b"", b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" * 99), id="endless hints"),
        pytest.param(
            _flood(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 99), id="endless chunks"
        ),
        pytest.param(
            _flood(_OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", b"x" * 4096),
            id="one chunk of 16 exabytes",
        ),
        pytest.param(
            _flood(_OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n" * 99), id="endless trailers"
        ),
    ],
)
def test_a_server_that_sends_too_much_is_left(serve: Callable[..., int], script: Script) -> None:
    """An endless answer costs no more memory than the largest page allowed."""
    assert _reason(_source(serve(script), seconds=20)) is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(_flood(_OK, b"A: b\r\n" * 99), id="endless headers"),
        pytest.param(_flood(b"", b"x" * 4096), id="endless status line"),
        pytest.param(_flood(_OK + b"A: ", b"x" * 4096), id="endless header"),
        pytest.param(_flood(_OK + b"A: b", b"\rb: c" * 99 + b"\r\n d"), id="endless folds"),
    ],
)
def test_headers_that_do_not_end_are_left(serve: Callable[..., int], script: Script) -> None:
    """Endless headers end as a named failure, whether their number or their bytes are noticed first."""
    assert _reason(_source(serve(script), seconds=20)) in {Reason.TOO_LARGE, Reason.PROTOCOL}


# A folded header makes urllib3 rewrite them all, one by one.
_MANY_HEADERS = b"".join(b"a%d:\r" % number for number in range(3000))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(_OK + b"F: x\r\n y\r\n" + _MANY_HEADERS + b"\n\r\n", id="in the headers"),
        pytest.param(
            _OK + b"Transfer-Encoding: chunked\r\n\r\n1\r;a\r\nx\r\n0\r\n\r\n", id="in a chunk's size"
        ),
        pytest.param(b"HTTP/1.1 200 OK\rA: b\r\n\r\n", id="in the status"),
    ],
)
def test_carriage_returns_make_no_lines(serve: Callable[..., int], answer: bytes) -> None:
    """A few headers cannot pass for a million, which would keep the fetcher busy for hours."""
    assert _reason(_source(serve(answer), seconds=20)) is Reason.PROTOCOL


def test_a_page_that_uses_up_the_budget_is_a_page(serve: Callable[..., int]) -> None:
    """The largest page allowed is not one byte too large."""
    head = _OK + b"Content-Length: %d\r\n\r\n"
    body = b"x" * (_BUDGET - len(head % _BUDGET))
    whole = head % len(body) + body
    assert len(whole) == _BUDGET
    assert fetched(_source(serve(whole), seconds=20)) == body
    assert _reason(_source(serve(whole.replace(b"OK", b"OK.")), seconds=20)) is Reason.TOO_LARGE


@pytest.fixture
def full_port() -> Iterator[int]:
    """Give a port whose queue of connections is full, so that connecting to it hangs."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as stack:
        for _ in range(4):  # more than the queue holds
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_port_that_does_not_accept_ends_as_a_timeout(full_port: int) -> None:
    """A server that is too busy to accept holds nobody longer than the deadline."""
    assert _reason(_source(full_port)) is Reason.TIMEOUT


def test_an_address_that_hangs_leaves_time_for_the_next(serve: Callable[..., int], full_port: int) -> None:
    """A host with several addresses is reached when only the last of them answers, by the same deadline."""
    ports = [full_port, full_port, serve(b"")]
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)) for port in ports]
    with connect(addresses, Deadline(time.monotonic() + 3, time.monotonic)) as connected:
        assert connected.getpeername()[1] == ports[-1]


def test_a_handshake_that_hangs_ends_as_a_timeout(serve: Callable[..., int]) -> None:
    """A server that never answers a TLS handshake holds nobody longer than the deadline."""
    assert _reason(_source(serve(_silence(b"")), scheme="https")) is Reason.TIMEOUT


def test_a_host_may_be_a_name(serve: Callable[..., int]) -> None:
    """A name is looked up, and asked at the address that answers."""
    assert fetched(_source(serve(_OK + b"\r\nxpum"), seconds=20, host="localhost")) == b"xpum"


def test_the_deadline_may_pass_at_any_step(serve: Callable[..., int]) -> None:
    """A fetch that runs out of time ends as a timeout, at whichever step that is."""
    source = _source(serve(_OK + b"Content-Length: 4\r\n\r\nxpum"), seconds=20)
    outcomes = [_outcome(source, _clock_that_jumps(after=readings)) for readings in range(1, 12)]
    assert set(outcomes) == {Reason.TIMEOUT, b"xpum"}
    assert outcomes[:3] == [Reason.TIMEOUT] * 3  # before it connects, sends, receives
    assert outcomes[-1] == b"xpum"


def _outcome(source: Place, clock: Callable[[], float]) -> Reason | bytes:
    try:
        return fetched(source, clock)
    except FetchError as error:
        return error.reason


def _clock_that_jumps(after: int) -> Callable[[], float]:
    times = itertools.chain(itertools.repeat(0.0, after), itertools.repeat(1e9))
    return lambda: next(times)
