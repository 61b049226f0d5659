"""A fetch gives the page as it was sent, or one reason why there is none."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import struct
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import examples
from support.pages import fetched

from xelinkd import __version__
from xelinkd.model.unknown import Reason
from xelinkd.net.failure import FetchError
from xelinkd.sources.place import Place, fetch

if TYPE_CHECKING:
    import ssl
    import threading
    from collections.abc import Callable
    from pathlib import Path

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_PAGE = b'xpum_topology_link{local_device_id="0"} 1'
_WHOLE = _OK + b"Content-Length: %d\r\n\r\n%s" % (len(_PAGE), _PAGE)
_MIB = 1024 * 1024


def _source(port: int, scheme: str = "http", max_page_bytes: int = _MIB) -> Place:
    return Place(f"{scheme}://127.0.0.1:{port}/metrics", 20, None, max_page_bytes)


def _failure(source: Place) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetched(source)
    return caught.value


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(_WHOLE, id="with its length"),
        pytest.param(_WHOLE + b"more", id="with bytes after its length"),
        pytest.param(_OK + b"\r\n" + _PAGE, id="until the server closes"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n" + _PAGE, id="of HTTP 1.0"),
        pytest.param(
            _CHUNKED + b"8\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (_PAGE[:8], 33, _PAGE[8:]), id="in chunks"
        ),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + _WHOLE, id="after 100 Continue"),
        pytest.param(_WHOLE.replace(b"OK\r\n", b"OK\r\nContent-Encoding: identity\r\n"), id="not encoded"),
        pytest.param(
            b"HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _WHOLE,
            id="after other interim answers",
        ),
        pytest.param(_WHOLE.replace(b"200 OK", b"200", 1), id="without a reason"),
        pytest.param(_WHOLE.replace(b"\r\n", b"\n"), id="with bare ends of lines"),
        pytest.param(_WHOLE.replace(b"Length: ", b"Length:\r\n "), id="with a folded header"),
        pytest.param(
            _CHUNKED + b'%x;a="b"\r\n%s\r\n00 ;c\r\nA: b\r\n\r\n' % (len(_PAGE), _PAGE),
            id="in a chunk with more",
        ),
    ],
)
def test_a_page_comes_as_it_was_sent(serve: Callable[..., int], answer: bytes) -> None:
    """Each way in which HTTP may carry a page gives the same bytes."""
    assert _PAGE in answer.replace(b"\r\n21\r\n", b"")
    assert fetched(_source(serve(answer))) == _PAGE


def test_a_page_without_a_body_is_empty_bytes(serve: Callable[..., int]) -> None:
    """An empty page is left to the judgement of pages, as any other 200 is."""
    assert fetched(_source(serve(_OK + b"Content-Length: 0\r\n\r\n"))) == b""


def test_the_request_is_one_plain_get(serve: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    """XPU Manager sees one GET that says who asks and nothing more, past all proxy variables."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    requests: list[bytes] = []
    port = serve(_WHOLE.replace(b"OK\r\n", b"OK\r\nSet-Cookie: a=b\r\n", 1), requests=requests)
    fetched(_source(port))
    fetched(_source(port))
    assert (
        requests
        == [
            b"GET /metrics HTTP/1.1\r\n"
            b"Host: 127.0.0.1:%d\r\n"
            b"User-Agent: xelinkd/%s\r\n"
            b"Connection: close\r\n\r\n" % (port, __version__.encode())
        ]
        * 2
    )


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 429, 500, 503])
def test_only_status_200_is_a_page(serve: Callable[..., int], status: int) -> None:
    """A good-looking body under any other status is not believed."""
    port = serve(_WHOLE.replace(b"200 OK", b"%d No\r\nRetry-After: 9" % status))
    assert _failure(_source(port)).reason is Reason.HTTP_STATUS


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"Content-Length: 40\r\n\r\n%s", id="with its length"),
        pytest.param(b"\r\n%s", id="until the server closes"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n28\r\n%s\r\n0\r\n\r\n", id="in chunks"),
    ],
)
def test_an_error_is_told_in_the_servers_words(serve: Callable[..., int], answer: bytes) -> None:
    """XPU Manager's own line of explanation reaches the log, with the address and the status."""
    body = b"#nodata: due to unexpected failure\nmore\n"
    port = serve(b"HTTP/1.1 500 Oh\r\n" + answer % body)
    url, words = f"http://127.0.0.1:{port}/metrics", "'#nodata: due to unexpected failure'"
    assert _failure(_source(port)).detail == f"{url}: status 500, {words}: see XPU Manager's log"


def test_an_error_that_is_cut_is_still_that_error(serve: Callable[..., int]) -> None:
    """A status is told even if the body that explains it never comes."""
    port = serve(b"HTTP/1.1 401 No\r\nContent-Length: 40\r\n\r\n")
    assert "status 401, '': it wants a user and a password" in _failure(_source(port)).detail


def test_a_redirect_is_not_followed(serve: Callable[..., int]) -> None:
    """A server that points elsewhere, even at itself, is asked once; the target is told."""
    requests: list[bytes] = []
    port = serve(b"HTTP/1.1 302 Found\r\nLocation: /metrics\r\n\r\n", requests=requests)
    failure = _failure(_source(port))
    assert failure.reason is Reason.REDIRECT
    assert "'/metrics'" in failure.detail
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(b"", Reason.CLOSED, id="closed at once"),
        pytest.param(b"HTTP/1.1", Reason.PROTOCOL, id="half a status line"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", Reason.PROTOCOL, id="not HTTP"),
        pytest.param(b"HTTP/2.0 200 OK\r\n\r\n", Reason.PROTOCOL, id="HTTP of another age"),
        pytest.param(b"HTTP/1.1 2000 OK\r\n\r\n", Reason.PROTOCOL, id="no such status"),
        pytest.param(_OK + b"A: b\r\n" * 200 + b"\r\n", Reason.PROTOCOL, id="200 headers"),
        pytest.param(
            _OK + b"Content-Type: multipart/x; a*=''b; a*0=''c\r\n\r\n",
            Reason.PROTOCOL,
            id="two kinds of parts",
        ),
        pytest.param(
            _OK + b"Content-Type: multipart/x; boundary*=idna''%ff\r\n\r\n", Reason.PROTOCOL, id="odd charset"
        ),
        pytest.param(_WHOLE[:-1], Reason.TRUNCATED, id="shorter than its length"),
        pytest.param(_OK + b"Content-Length: 9\r\n\r\n", Reason.TRUNCATED, id="no body at all"),
        pytest.param(_OK + b"Content-Length: 3, 4\r\n\r\nxpum", Reason.PROTOCOL, id="two lengths"),
        pytest.param(_CHUNKED + b"4\r\nxp", Reason.TRUNCATED, id="cut in a chunk"),
        pytest.param(_CHUNKED + b"4\r\nxpum\r\n", Reason.TRUNCATED, id="cut between chunks"),
        pytest.param(_CHUNKED + b"four\r\nxpum\r\n", Reason.PROTOCOL, id="bad chunk size"),
        pytest.param(_CHUNKED + b"-4\r\nxpum\r\n", Reason.PROTOCOL, id="negative chunk size"),
        *(
            pytest.param(
                _CHUNKED + size + b"\r\nxpum\r\n0\r\n\r\n", Reason.PROTOCOL, id=f"chunk size {size!r}"
            )
            for size in (b"+4", b"0x4", b"0_4", b" 4", b"4 4", b"")
        ),
        pytest.param(_CHUNKED + b"4\r\nxpumXX0\r\n\r\n", Reason.PROTOCOL, id="chunk that does not end"),
        pytest.param(_CHUNKED + b"2\r\nxp\r\n\r\n\r\n", Reason.PROTOCOL, id="chunk without a size"),
        pytest.param(_CHUNKED + b"4\r\nxpum\r\n0", Reason.TRUNCATED, id="cut in a chunk's size"),
        pytest.param(_OK + b"Content-Le", Reason.TRUNCATED, id="cut in a header"),
        *(
            pytest.param(
                _OK + b"Content-Length: " + length + b"\r\n\r\nxpum", Reason.PROTOCOL, id=f"length {length!r}"
            )
            for length in (b"-5", b"abc", b"0x4", b"+4", b"0_4", b"", b"4, 4", b"\xa04", b"4" * 5000)
        ),
        pytest.param(_WHOLE.replace(b"Length:", b"Length :"), Reason.PROTOCOL, id="blank before the colon"),
        pytest.param(_WHOLE.replace(b"OK\r\n", b"OK\r\nno header\r\n"), Reason.PROTOCOL, id="no header"),
        pytest.param(_WHOLE.replace(b"OK\r\n", b"OK\r\nFrom me\r\n"), Reason.PROTOCOL, id="a mail's header"),
        pytest.param(
            _WHOLE.replace(b"OK\r\n", b"OK\r\n: b\r\n"), Reason.PROTOCOL, id="header without a name"
        ),
        pytest.param(_OK + b"A: b\r\n", Reason.TRUNCATED, id="headers that do not end"),
        pytest.param(_OK[:-2], Reason.PROTOCOL, id="status line that does not end"),
        *(
            pytest.param(_WHOLE.replace(b"1.1 200 OK", start), Reason.PROTOCOL, id=f"status {start!r}")
            for start in (
                b"1.1 +200 OK",
                b"1.1 2_00 OK",
                b"1.1  200 OK",
                b"1.1 200OK",
                b"0.9 200 OK",
                b"1 200 OK",
            )
        ),
        pytest.param(
            _WHOLE.replace(b"OK\r\n", b"OK\r\nContent-Range: bytes 0-9/999\r\n"), Reason.PROTOCOL, id="a part"
        ),
        pytest.param(
            _CHUNKED[:-2] + b"Content-Length: 4\r\n\r\n4\r\nxpum\r\n0\r\n\r\n",
            Reason.PROTOCOL,
            id="chunks and a length",
        ),
        pytest.param(
            _WHOLE.replace(b"OK\r\n", b"OK\r\nTransfer-Encoding: identity\r\n"),
            Reason.PROTOCOL,
            id="no chunks and a length",
        ),
        pytest.param(
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + _WHOLE, Reason.HTTP_STATUS, id="another protocol"
        ),
        pytest.param(
            _WHOLE.replace(b"OK\r\n", b"OK\r\nContent-Encoding: gzip\r\n"),
            Reason.ENCODED,
            id="said to be gzip",
        ),
        pytest.param(_OK + b"Content-Encoding: br\r\n\r\n", Reason.ENCODED, id="brotli"),
        pytest.param(
            _OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Reason.ENCODED, id="gzip in chunks"
        ),
    ],
)
def test_each_bad_answer_has_its_reason(serve: Callable[..., int], answer: bytes, reason: Reason) -> None:
    """An answer that is not a whole page ends with the word that logs and metrics show for it."""
    assert _failure(_source(serve(answer))).reason is reason


def test_a_gzip_bomb_is_not_unpacked(serve: Callable[..., int]) -> None:
    """A small answer that unpacks to 64 MiB stays small."""
    bomb = gzip.compress(bytes(64 * _MIB))
    port = serve(_OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(bomb), bomb))
    tracemalloc.start()
    try:
        assert _failure(_source(port)).reason is Reason.ENCODED
        assert tracemalloc.get_traced_memory()[1] < _MIB
    finally:
        tracemalloc.stop()


def test_a_page_is_never_held_whole(serve: Callable[..., int]) -> None:
    """However large a page is, little of it is in memory at once."""
    page = b"x" * (4 * _MIB)
    port = serve(_OK + b"Content-Length: %d\r\n\r\n" % len(page) + page)
    tracemalloc.start()
    try:
        assert sum(map(len, fetch(_source(port, max_page_bytes=8 * _MIB)))) == len(page)
        assert tracemalloc.get_traced_memory()[1] < _MIB // 2
    finally:
        tracemalloc.stop()


def test_tiny_chunks_weigh_no_more_than_their_bytes(serve: Callable[..., int]) -> None:
    """A page cut into chunks of two bytes takes little more memory than the bytes received."""
    port = serve(_CHUNKED + b"2\r\nxp\r\n" * 50_000 + b"0\r\n\r\n")
    tracemalloc.start()
    try:
        assert fetched(_source(port)) == b"xp" * 50_000
        assert tracemalloc.get_traced_memory()[1] < _MIB
    finally:
        tracemalloc.stop()


def test_a_port_without_a_server_is_refused() -> None:
    """XPU Manager that is not running is told as such, with its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failure = _failure(_source(port))
    assert failure.reason is Reason.REFUSED
    assert failure.detail.startswith(f"http://127.0.0.1:{port}/metrics: nothing listens there")


def test_a_connection_that_is_reset_is_closed(serve: Callable[..., int]) -> None:
    """A server that is killed in the middle of a page is told as one that hung up."""

    def reset(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(_WHOLE[:-1])
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert _failure(_source(serve(reset))).reason is Reason.CLOSED


@pytest.mark.parametrize("host", ["[::1%25nowhere]", "a" * 64, "a..b"])
def test_a_name_that_does_not_resolve_is_told(host: str) -> None:
    """A wrong host name is told apart from a server that does not answer."""
    assert _failure(Place(f"http://{host}:1/metrics", 20, None, _MIB)).reason is Reason.DNS


def test_an_address_without_a_route_is_unreachable() -> None:
    """An address to which nobody may connect ends as unreachable."""
    source = Place("http://[fe80::1]:1/metrics", 20, None, _MIB)  # no scope: never leaves the kernel
    assert _failure(source).reason is Reason.UNREACHABLE


@pytest.mark.parametrize(
    "url", ["", "/metrics", "ftp://host/metrics", "http://", "http://user:secret@host/metrics", "http://[::1"]
)
def test_a_url_that_cannot_be_fetched_is_refused_at_once(url: str) -> None:
    """A URL of another kind, or with a password in it, is refused before anything is sent."""
    with pytest.raises(ValueError, match=r"URL|Failed to parse"):
        Place(url, 20, None, _MIB)


_FETCH_ALL_AND_TELL_WHAT_IS_LATE = """
import json, sys
from xelinkd.config.schema import Config
from xelinkd.config.sources import Source
from xelinkd.net.failure import FetchError
from xelinkd.sources.kinds import load_what_it_takes
from xelinkd.sources.place import Place, fetch

load_what_it_takes(Config(source=Source(url="https://127.0.0.1")))

def reason(url, ca_file):
    try:
        list(fetch(Place(url, 20, ca_file, 1_000_000)))
    except FetchError as error:
        return error.reason
    return None

sources = json.loads(sys.argv[1])
late = []
sys.addaudithook(lambda event, args: late.append(str(args[0])) if event in {"open", "import"} else None)
reasons = [reason(*source) for source in sources]
print(json.dumps({"reasons": reasons, "late": sorted(set(late))}))
"""


def test_a_fetch_loads_and_opens_nothing_late(
    serve: Callable[..., int], make_certificate: Callable[..., tuple[Path, ssl.SSLContext]]
) -> None:
    """A worker may lose the right to read Python's files: a fetch, good or bad, opens only its CA file."""
    pem, context = make_certificate()
    plain, secure, broken = (
        serve(_WHOLE),
        serve(_WHOLE, context=context),
        serve(b"HTTP/1.1 500 x\r\n\r\n#nodata"),
    )
    sources = [
        (f"http://127.0.0.1:{plain}/metrics", None),
        (f"http://localhost:{plain}/metrics", None),
        (f"https://127.0.0.1:{secure}/metrics", str(pem)),
        (f"https://127.0.0.1:{plain}/metrics", str(pem)),
        (f"http://127.0.0.1:{broken}/metrics", None),
    ]
    program = [sys.executable, "-c", _FETCH_ALL_AND_TELL_WHAT_IS_LATE, json.dumps(sources)]
    told = json.loads(subprocess.run(program, check=True, stdout=subprocess.PIPE).stdout)
    assert told == {
        "reasons": [None, None, None, "tls", "http_status"],
        "late": [str(pem)],
    }


_LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n",
        b"HTTP/1.1 500 Oh\r\n",
        b"HTTP/1.0 302 Found\r\n",
        b"Location: http://[\r\n",
        b"Content-Length: 4\r\n",
        b"Content-Length: -4\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Content-Type: multipart/mixed; boundary*0=punycode'x'%ff\r\n",
        b"Content-Type: multipart/mixed; boundary*=idna''%ff\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b" folded\r\n",
        b": no name\r\n",
        b"\r\n",
        b"4\r\nxpum\r\n",
        b"-1\r\n",
        b"0x_f\r\n",
        b"0\r\n",
    ]
)


_ANSWERS = st.builds(
    lambda start, lines: start + b"".join(lines),
    st.sampled_from([b"", _OK, _CHUNKED]),
    st.lists(_LINES | st.binary(max_size=40), max_size=8),
)


def test_any_bytes_lead_to_a_page_or_a_reason(serve: Callable[..., int]) -> None:
    """Whatever a server sends, the fetch ends in one of its two ways."""
    answers: list[bytes] = []
    source = _source(serve(lambda connection, _over: connection.sendall(answers[-1])))

    @examples(300)
    @given(answer=_ANSWERS)
    def ends_in_one_of_two_ways(answer: bytes) -> None:
        answers.append(answer)
        with contextlib.suppress(FetchError):
            assert isinstance(fetched(source), bytes)

    ends_in_one_of_two_ways()
