"""The head of a request: all that is read of what strangers send, and read strictly (RFC 9112). Pure."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_HEAD_SIZE: Final = 8192  # bytes

_BLANK: Final = b"\r\n\r\n"
_END: Final = re.compile(rb"\n\r?\n")  # lines that end amiss are refused, not waited on
_REQUEST_LINE: Final = re.compile(
    rb"(?P<method>[!#$%&'*+.^_`|~0-9A-Za-z-]+) "
    rb"(?:https?://(?P<authority>[^/?#@]+))?(?P<path>/[!-\"$->@-~]*)(?:\?(?P<query>[!-\"$-~]*))? "
    rb"HTTP/1\.(?P<minor>[01])"
)
_FIELD: Final = re.compile(rb"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?P<value>[\t -~\x80-\xff]*)")
_HOST: Final = re.compile(rb"(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._~-]+)(?::[0-9]{0,5})?")


class RefusedError(Exception):
    """A request is not answered as it asks: the status, and a sentence for people."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        """Keep both."""
        self.status = status
        super().__init__(sentence)


class Request(Struct, frozen=True):
    """What is asked for: a path, as it was sent (`/livez`), and the parameters of its query.

    Of a parameter that is repeated the last counts; one without a value (`?verbose`) has "". The answer to a
    HEAD is made as if it were a GET; its body is not sent.
    """

    path: str
    query: Mapping[str, str]
    is_head: bool = False


class Head(Struct, frozen=True):
    """The head of a request, with what decides whether it is answered.

    `host`: without port and brackets, in small letters; "" if the client (HTTP/1.0) names none.
    """

    method: str
    request: Request
    host: str
    authorization: bytes
    has_body: bool
    keeps_alive: bool


def head_size(received: bytes | bytearray) -> int:
    """Tell how many of the bytes are a whole head; 0 while it is not whole.

    Raises:
        RefusedError: it is larger than MAX_HEAD_SIZE.

    """
    end = _END.search(received)
    if end is not None and end.end() <= MAX_HEAD_SIZE:
        return end.end()
    if len(received) >= MAX_HEAD_SIZE:
        raise RefusedError(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"more than {MAX_HEAD_SIZE} bytes of headers"
        )
    return 0


def read_head(head: bytes) -> Head:
    """Read what `head_size` found to be whole.

    Raises:
        RefusedError: it is malformed.

    """
    request_line, *lines = head.removesuffix(_BLANK).split(b"\r\n")
    asked = _REQUEST_LINE.fullmatch(request_line)
    if asked is None or not head.endswith(_BLANK):
        raise _malformed("the request line")
    fields = _fields(lines)
    host = asked["authority"] or fields.get(b"host")
    is_old = asked["minor"] == b"0"
    if host is None and not is_old:
        raise _malformed("no Host")
    method = asked["method"].decode("ascii")
    return Head(
        method,
        Request(asked["path"].decode("ascii"), _parameters(asked["query"] or b""), method == "HEAD"),
        "" if host is None else _host(host),
        fields.get(b"authorization", b""),
        has_body=fields.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in fields,
        keeps_alive=not is_old and b"close" not in _listed(fields.get(b"connection", b"")),
    )


def _fields(lines: Sequence[bytes]) -> dict[bytes, bytes]:
    """Give the headers by their names in small letters; what is repeated becomes a list (RFC 9110)."""
    fields: dict[bytes, bytes] = {}
    for number, line in enumerate(lines, 1):
        field = _FIELD.fullmatch(line)
        if field is None:
            raise _malformed(f"header {number}")
        name, value = field["name"].lower(), field["value"].rstrip(b" \t")
        fields[name] = fields[name] + b", " + value if name in fields else value
    return fields


def _host(text: bytes) -> str:
    named = _HOST.fullmatch(text)
    if named is None:
        raise _malformed("the Host")
    return named["host"].decode("ascii").lower().strip("[]")


def _parameters(query: bytes) -> Mapping[str, str]:
    return dict(parse_qsl(query.decode("ascii"), keep_blank_values=True))


def _listed(value: bytes) -> list[bytes]:
    return [element.strip(b" \t").lower() for element in value.split(b",")]


def _malformed(what: str) -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, f"this is not proper HTTP/1.1: {what}")
