"""What a server answers: HTTP over a real connection, from the status line to the last chunk."""

from __future__ import annotations

import contextlib
import socket
import threading
from functools import cache
from typing import Final

from fuzzing import expect
from fuzzing.target import MARK, Target
from xelinkd.model.observation import MAX_DETAIL_LENGTH, Unknown
from xelinkd.net.failure import FetchError
from xelinkd.sources.place import Place, fetch

_DEADLINE: Final = 30.0  # seconds; the server never lets anybody wait
_BUDGET: Final = 64 * 1024  # bytes


def check(data: bytes) -> None:
    """Fetch from a server that answers these bytes and hangs up."""
    server = _server()
    server.answer = data
    source = Place(f"http://127.0.0.1:{server.port}/metrics", _DEADLINE, None, _BUDGET)
    try:
        body = b"".join(fetch(source))
    except FetchError as error:
        expect.sentence(error.detail, MAX_DETAIL_LENGTH)
        expect.carried(Unknown(error.reason, str(error)))
    else:
        assert len(body) < min(len(data), _BUDGET)


class _Server:
    """Gives `answer` to whoever connects, one after the other."""

    def __init__(self) -> None:
        self.answer = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(4096)  # the request, which is short
                connection.sendall(self.answer)


@cache
def _server() -> _Server:
    return _Server()


_OK: Final = b"HTTP/1.1 200 OK\r\n"

TARGET: Final = Target(
    check,
    seeds=[
        _OK + b"Content-Length: 5\r\nContent-Type: text/plain; version=0.0.4\r\n\r\nxpum_",
        _OK + b"Connection: close\r\n\r\nxpum_",
        _OK + b"Transfer-Encoding: chunked\r\nTrailer: A\r\n\r\n2;a=b\r\nxp\r\n3\r\num_\r\n0\r\nA: b\r\n\r\n",
        _OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b",
        _OK + b'Content-Type: multipart/mixed; boundary="a"\r\n\r\n--a\r\n\r\n--a--',
        b"HTTP/1.1 100 Continue\r\n\r\n" + _OK + b"\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _OK + b"\r\n",
        b"HTTP/1.0 302 Found\r\nLocation: http://elsewhere/\r\n\r\n",
        b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 500 Internal Server Error\r\n\r\n#nodata: failed to get devices (1)",
        *(
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"<html>",
            b"\x15\x03\x01\x00\x02\x02\x46",
            b"",
            b"HTTP/0.9\r\n\r\n",
        ),
    ],
    words=[
        *(
            b"HTTP/1.1 ",
            b"HTTP/1.0 200 OK\r\n",
            b"200",
            b"206",
            b"301",
            b"\r\n",
            b"\r\n\r\n",
            b"\r\n ",
            b"\r",
        ),
        *(b"Content-Length: ", b"Transfer-Encoding: chunked", b"identity", b"Content-Encoding: ", b"gzip"),
        *(b"Content-Type: multipart/", b'; boundary="', b"charset*=utf-8''%ff", b"Location: ", b"Trailer: "),
        *(
            b"0\r\n\r\n",
            b"ffffffff",
            b"-1",
            b"9" * 20,
            b"\xe2\x80\xae",
            b"\x1b[2J",
            b"\x00",
            b"message/rfc822",
        ),
    ],
    hazards=[
        _OK + b"F: x\r\n y\r\n" + MARK + b"a" + MARK + b":\r" + MARK + b"\n\r\n",
        _OK + MARK + b"A" + MARK + b": b\r\n" + MARK + b"\r\n",
        _OK + b"A: b" + MARK + b"\r\n c" + MARK + b"\r\n\r\n",
        _OK + b"Transfer-Encoding: chunked\r\n\r\n" + MARK + b"1\r\na\r\n" + MARK + b"0\r\n\r\n",
        MARK + b"HTTP/1.1 100 Continue\r\n\r\n" + MARK,
        MARK + b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" + MARK,
        _OK + b"Content-Type: " + MARK + b'a/b;c*1="' + MARK,
    ],
    full_size=48 * 1024,
)
