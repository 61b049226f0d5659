"""One HTTP request under one deadline and one byte budget, whatever the server does.

The time-outs of urllib3 and of sockets are for single operations: a server that drips or never ends outlives
them. Here each operation on the socket gets what is left of the deadline, and each byte received is counted.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import re
import socket
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from urllib3.connection import HTTPConnection

from xelinkd.net.lookup import look_up

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping, Sequence

    from urllib3 import HTTPHeaderDict
    from urllib3.response import HTTPResponse
    from urllib3.util import Url

    from xelinkd.net.deadline import Deadline


# Bytes of status line and headers. XPU Manager sends 200; some take email's parser a time that grows with the
# square of their size.
MAX_HEAD_SIZE: Final = 32_768

# RFC 9112: what each line may be. A status may go without its reason, and a line end in LF alone.
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[0-9] (?:(1(?!01)[0-9]{2})|[0-9]{3})(?: .*)?\r?\n")
_FIELD_LINE: Final = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:|[ \t])[^\0\n]*\n")  # or one that is folded
_SIZE_LINE: Final = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;.*)?\r\n")
_LENGTH: Final = re.compile("[0-9]{1,99}")
_CRLF: Final = b"\r\n"
_END_OF_HEADERS: Final = frozenset({_CRLF, b"\n"})
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n"  # the one interim answer that http.client passes over


class BudgetSpentError(Exception):
    """The server sent more bytes than it may."""


class Request(Struct, frozen=True):
    """What is asked: a method, headers, and a body if there is one."""

    headers: Mapping[str, str]
    method: str = "GET"
    body: bytes | None = None


@contextlib.contextmanager
def exchange(
    url: Url, request: Request, context: ssl.SSLContext | None, deadline: Deadline, budget: int
) -> Iterator[HTTPResponse]:
    """Ask once, on a connection of its own (TLS if there is a context), and give the response, body unread.

    `budget` is in bytes, for all that is received: status line, headers, body and their framing.

    Raises, here and while the body is read:
        TimeoutError: the deadline passed.
        BudgetSpentError: more than `budget` bytes came.
        OSError, ValueError, http.client.HTTPException, urllib3.exceptions.HTTPError: everything else.

    """
    with _connected(url, context, deadline) as sock:
        connection = HTTPConnection(_host(url), url.port)
        allowance = _Allowance(min(budget, MAX_HEAD_SIZE))
        connection.sock = _BoundedSocket(sock, deadline, allowance)
        # decode_content: an unpacked gzip bomb would pass by the budget.
        connection.request(
            request.method,
            url.request_uri,
            body=request.body,
            headers=request.headers,
            preload_content=False,
            decode_content=False,
        )
        response = _response(connection)
        allowance.left += max(0, budget - MAX_HEAD_SIZE)
        yield response


def _response(connection: HTTPConnection) -> HTTPResponse:
    try:
        response = connection.getresponse()
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # http.client reads headers with email's parser, which some made-up multipart types break.
        raise http.client.HTTPException(f"headers that cannot be read: {error!r}") from error
    _check_length(response.headers)
    return response


def _check_length(headers: HTTPHeaderDict) -> None:
    """Refuse a length that is none, or that another header contradicts."""
    length = headers.get("Content-Length")
    if length is not None and ("Transfer-Encoding" in headers or not _LENGTH.fullmatch(length.strip(" \t"))):
        raise http.client.HTTPException(f"the body has no length that can be believed: {length!r}")


def _host(url: Url) -> str:
    return (url.host or "").strip("[]")


@contextlib.contextmanager
def _connected(url: Url, context: ssl.SSLContext | None, deadline: Deadline) -> Iterator[socket.socket]:
    with secured(url, context, deadline) if context else _plain(url, 80, deadline) as sock:
        yield sock


@contextlib.contextmanager
def secured(url: Url, context: ssl.SSLContext, deadline: Deadline) -> Iterator[ssl.SSLSocket]:
    """Connect and shake hands; nothing else is sent."""
    with _plain(url, 443, deadline) as sock:
        sock.settimeout(deadline.remaining())
        with context.wrap_socket(sock, server_hostname=_host(url)) as secure:
            yield secure


def _plain(url: Url, port: int, deadline: Deadline) -> socket.socket:
    return connect(look_up(_host(url), url.port or port, deadline), deadline)


def connect(addresses: Sequence[tuple[Any, ...]], deadline: Deadline) -> socket.socket:
    """Connect to the first address that answers; one that hangs leaves the others their share of the time.

    `addresses` is what `look_up` gives, never empty. Raises the OSError of the last address.
    """
    for left in range(len(addresses), 1, -1):
        with contextlib.suppress(OSError):
            return _connect_one(addresses[-left], deadline.remaining() / left)
    return _connect_one(addresses[-1], deadline.remaining())


def _connect_one(info: tuple[Any, ...], seconds: float) -> socket.socket:
    family, kind, protocol, _, address = info
    sock = socket.socket(family, kind, protocol)
    try:
        sock.settimeout(seconds)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


class _Allowance(Struct):
    """How many bytes may still come."""

    left: int


class _BoundedSocket:
    """What http.client needs of a socket, within the bounds; the socket's owner closes it."""

    def __init__(self, sock: socket.socket, deadline: Deadline, allowance: _Allowance) -> None:
        self._sock = sock
        self._deadline = deadline
        self._allowance = allowance

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.remaining())
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return _Lines(_BoundedReader(self._sock, self._deadline, self._allowance))

    def settimeout(self, _seconds: float | None) -> None:
        """Do nothing: the deadline rules, not the connection's own time-out."""

    def close(self) -> None:
        """Do nothing: http.client closes before the body is read."""


class _Lines(io.BufferedReader):
    """The lines that http.client reads: of status, headers, chunk sizes and trailers.

    What RFC 9112 does not allow ends the answer here: http.client would make something of it, such as a body
    without a length. Nor may a carriage return stand inside a line: the parser of headers ends lines there,
    and the 100 headers that http.client allows would become a million, which urllib3 handles in quadratic
    time.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        super().__init__(raw)
        self._checked = _Lines._status  # a function, not a method: that would be a cycle
        self._after_headers = _Lines._size
        self._last = _CRLF  # the start of what was read last, past all lines

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if b"\r" in line.removesuffix(b"\n")[:-1]:
            raise http.client.HTTPException("a carriage return stands inside a line")
        return self._checked(self, line)

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._last = data[: len(_CRLF) + 1]
        return data

    def _status(self, line: bytes) -> bytes:
        if not line:
            return line  # hung up
        found = _STATUS_LINE.fullmatch(line)
        if not found:
            raise http.client.BadStatusLine(line.decode("latin-1"))
        self._checked = _Lines._field
        is_interim = found[1] is not None
        self._after_headers = _Lines._status if is_interim else _Lines._size
        return _CONTINUE if is_interim else line

    def _field(self, line: bytes) -> bytes:
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(line)
        if line in _END_OF_HEADERS:
            self._checked = self._after_headers
        elif not _FIELD_LINE.fullmatch(line):
            raise http.client.HTTPException(f"a line among the headers is none: {line!r}")
        return line

    def _size(self, line: bytes) -> bytes:
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(line)
        found = _SIZE_LINE.fullmatch(line)
        if self._last != _CRLF or not found:
            raise http.client.HTTPException(f"no chunk begins where one should: {line!r}")
        if not found[1].strip(b"0"):
            self._checked = _Lines._trailer
        return line

    def _trailer(self, line: bytes) -> bytes:
        return line  # nobody looks at it


class _BoundedReader(io.RawIOBase):
    """The bytes that come from a socket, until the deadline passes or the budget is spent."""

    def __init__(self, sock: socket.socket, deadline: Deadline, allowance: _Allowance) -> None:
        super().__init__()
        self._sock = sock
        self._deadline = deadline
        self._allowance = allowance

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (typeshed's WriteableBuffer is private)
        self._sock.settimeout(self._deadline.remaining())
        count = self._sock.recv_into(buffer)
        self._allowance.left -= count
        if self._allowance.left < 0:
            raise BudgetSpentError("the byte budget is spent")
        return count
