"""What a client sends to the status: the head of a request, and what is answered to it."""

from __future__ import annotations

import re
from typing import Final

from fuzzing import expect
from fuzzing.target import MARK, Target
from xelinkd.serving.access import Access
from xelinkd.serving.answering import Answers, Route
from xelinkd.serving.request import MAX_HEAD_SIZE, Head, RefusedError, head_size, read_head
from xelinkd.serving.response import TEXT, Response, render_head, sentence

_TOKEN: Final = b"t0ken"
_ROUTES: Final = {
    "/livez": Route(lambda _: Response(200, TEXT, b"ok"), is_open=True),
    "/": Route(lambda _: Response(200, TEXT, b"page")),
}
_GUARDED: Final = Access(token=_TOKEN, context=None, takes_certificates=False, by_address=True)
_ANSWERS: Final = Answers(_ROUTES, _GUARDED)
_BODY: Final = re.compile(
    rb"^[ \t]*(?:content-length[ \t]*:(?![ \t]*0[ \t]*\r?$)|transfer-encoding[ \t]*:)",
    re.MULTILINE | re.IGNORECASE,
)
_MAX_SENTENCE_LENGTH: Final = 100
_HEADER: Final = re.compile(rb"[A-Za-z-]+: [ -~]+")


def check(data: bytes) -> None:
    """Take a request off the bytes, whole and as they drip in, and answer it."""
    try:
        size = _size(data)
        head = read_head(data[:size]) if size else None
    except RefusedError as refused:
        expect.sentence(str(refused), _MAX_SENTENCE_LENGTH)
        _check_response(sentence(refused.status, str(refused)))
        return
    if head:
        _check_head(head, data[:size])
        _check_answer(head, data[:size])


def _size(data: bytes) -> int:
    """Look for the head's end as the bytes come: it is nowhere before it is where it is."""
    size = head_size(data[:MAX_HEAD_SIZE])
    assert size <= min(len(data), MAX_HEAD_SIZE)
    for cut in range(max(0, size - 4), size):
        assert head_size(data[:cut]) == 0
    return size


def _check_head(head: Head, taken: bytes) -> None:
    assert re.fullmatch(r"/[!-\"$->@-~]*", head.request.path)
    assert re.fullmatch(r"[0-9a-z._~:-]*", head.host)
    assert head.request.is_head == (head.method == "HEAD")
    assert taken.count(b"\n") == taken.count(b"\r\n") == taken.count(b"\r")
    assert head.has_body or not _BODY.search(taken), "a body that would be taken for the next request"
    assert not head.keeps_alive or b" HTTP/1.1\r\n" in taken


def _check_answer(head: Head, taken: bytes) -> None:
    response = _ANSWERS.to(head, has_certificate=False)
    _check_response(response)
    if response.status == 200:  # noqa: PLR2004  OK
        assert head.method in {"GET", "HEAD"}
        assert not head.has_body
        assert head.request.path == "/livez" or _TOKEN in taken
        assert not re.search(r"[g-z]", head.host.replace("localhost", "")), "a name"


def _check_response(response: Response) -> None:
    status_line, *headers, empty, end = render_head(response, 1.8e9, closes=True).split(b"\r\n")
    assert re.fullmatch(rb"HTTP/1\.1 [2-5]\d\d [ -~]+", status_line)
    assert all(map(_HEADER.fullmatch, headers))
    assert empty == end == b""


_GET: Final = b"GET / HTTP/1.1\r\nHost: localhost\r\n"

TARGET: Final = Target(
    check,
    seeds=[
        _GET + b"\r\n",
        b"HEAD /livez?verbose&a=%20b HTTP/1.1\r\nHost: [::1]:29998\r\nConnection: close\r\n\r\n",
        _GET + b"Authorization: Bearer t0ken\r\n\r\n",
        b"GET /livez HTTP/1.0\r\n\r\n",
        b"GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: elsewhere\r\nX: \t y \xff\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 10.0.0.1\r\nContent-Length: 5\r\n\r\nhello",
        _GET + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        *(b"GET /\n\n", b"\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ],
    words=[
        *(b"GET ", b"HEAD ", b"/", b"/livez", b"?", b"&", b"%", b"#", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n"),
        *(b"Host: ", b"localhost", b"[::1]", b"127.0.0.1", b":29998", b"http://", b"@", b"\r\n", b"\r\n\r\n"),
        *(b"Content-Length: ", b"Transfer-Encoding: ", b"chunked", b"Connection: ", b"close", b", ", b"\n\n"),
        *(
            b"Authorization: ",
            b"Bearer ",
            b"t0ken",
            b"\r",
            b"\r\n ",
            b"\t",
            b"\0",
            b"\x85",
            b"\xff",
            b"evil.io",
        ),
    ],
    hazards=[
        _GET + MARK + b"a:\r\n" + MARK + b"\r\n",
        _GET + MARK + b"a" + MARK + b":\r\n" + MARK + b"\r\n",
        b"GET /?" + MARK + b"a&" + MARK + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        _GET + b"Connection: " + MARK + b"a," + MARK + b"\r\n\r\n",
        _GET + b"A:" + MARK + b" \t" + MARK + b"\r\n\r\n",
    ],
    full_size=8000,
)
