"""What is answered: a response as a value, and its bytes. Pure."""

from __future__ import annotations

from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT: Final = "text/plain; charset=utf-8"

# For every response, unless it has such a header itself. Nobody keeps what is true now only, no browser takes
# it for something else or shows it inside of another page, and nothing in it is loaded or run.
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Response(Struct, frozen=True):
    """What a route answers; `headers`, spelt as here, take the place of those of the same name."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def sentence(status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a sentence for people."""
    return Response(status, TEXT, f"{text}\n".encode(), headers or {})


def render_head(response: Response, wall: float, *, closes: bool) -> bytes:
    """Give the bytes that stand before the body, at Unix time `wall`."""
    headers = {
        "Date": formatdate(wall, usegmt=True),
        "Content-Type": response.content_type,
        "Content-Length": str(len(response.body)),
        **({"Connection": "close"} if closes else {}),
        **_HEADERS,
        **response.headers,
    }
    status_line = f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}\r\n"
    return (status_line + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n").encode(
        "ascii"
    )
