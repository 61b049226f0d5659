"""The head of a request, byte by byte."""

from __future__ import annotations

import pytest

from xelinkd.serving.request import MAX_HEAD_SIZE, Head, RefusedError, Request, head_size, read_head

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


def test_all_that_matters_is_read() -> None:
    """Method, path, parameters, host, credentials and what becomes of the connection come out of the head."""
    sent = (
        b"HEAD /topology.json?a=1&verbose&a=%C3%B6 HTTP/1.1\r\n"
        b"HOST: Node.Example:29998\r\nconnection:close\r\nAuthorization: \t Bearer x \t\r\nX-Empty:\r\n\r\n"
    )
    request = Request("/topology.json", {"a": "ö", "verbose": ""}, is_head=True)
    assert read_head(sent) == Head(
        "HEAD", request, "node.example", b"Bearer x", has_body=False, keeps_alive=False
    )


def test_only_whole_heads_are_taken() -> None:
    """What comes after the empty line is the next request's, or not looked at."""
    sent = GET + b"\r\n"
    assert [head_size(sent[:cut]) for cut in range(len(sent))] == [0] * len(sent)
    assert head_size(sent) == head_size(sent + GET) == len(sent)


def test_a_head_may_have_8_kib() -> None:
    """The bound is exact, and it is told when it is passed, whether or not there is an end beyond it."""
    fits = GET + b"X: " + b"x" * (MAX_HEAD_SIZE - len(GET) - 7) + b"\r\n\r\n"
    assert head_size(fits) == len(fits) == MAX_HEAD_SIZE
    for too_large in (b"X" + fits, fits[:-4] + b"xxxx"):
        with pytest.raises(RefusedError, match="more than 8192 bytes"):
            head_size(too_large)


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 1",
        b"Content-Length: 00",
        b"Content-Length: -0",
        b"content-length:",
        b"Content-Length: 0, 1",
    ],
)
def test_any_sign_of_a_body_counts(header: bytes) -> None:
    """No proxy in front can be made to see another end of the request than we do."""
    assert read_head(GET + header + b"\r\n\r\n").has_body
    assert read_head(GET + b"Content-Length: 0\r\n" + header + b"\r\n\r\n").has_body
    assert read_head(GET + b"Transfer-Encoding: identity\r\n\r\n").has_body
    assert not read_head(GET + b"Content-Length: 0\r\n\r\n").has_body


@pytest.mark.parametrize(
    "head",
    [
        b"get\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        b"GET livez HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /#part HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\xc3\xb6 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a/\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
        GET + b"Name : x\r\n\r\n",
        GET + b": x\r\n\r\n",
        GET + b"X: y\r\n folded\r\n\r\n",
        GET + b"X: y\rZ: a\r\n\r\n",
        GET + b"X: \x00\r\n\r\n",
        GET + b"X\r\n\r\n",
        GET[:-2] + b"\n\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(head: bytes) -> None:
    """Whatever RFC 9112 does not allow, or lets a server guess at, is malformed."""
    with pytest.raises(RefusedError, match="not proper HTTP"):
        read_head(head)


def test_an_address_in_the_request_line_is_what_counts() -> None:
    """A client that asks as it would ask a proxy is understood; its Host does not matter then."""
    head = read_head(b"GET http://[::1]:80/livez?a HTTP/1.1\r\nHost: elsewhere\r\n\r\n")
    assert (head.host, head.request.path, head.request.query) == ("::1", "/livez", {"a": ""})
