"""Where XPU Manager answers: one fetch gives the bytes of a page or another answer, or the reason why not."""

from __future__ import annotations

import http.client
import time
from contextlib import suppress
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from urllib3.util import SKIP_HEADER
from urllib3.util import parse_url as _parse_url

from xelinkd import __version__
from xelinkd.config.url import is_https
from xelinkd.model.unknown import Reason
from xelinkd.net.bounded_http import Request, exchange
from xelinkd.net.credentials import strike
from xelinkd.net.deadline import Deadline
from xelinkd.net.failure import FAILURES, FetchError, failure
from xelinkd.net.pin import Pin
from xelinkd.sources.login import Login, authorization

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Generator, Iterator, Mapping

    from urllib3 import HTTPHeaderDict
    from urllib3.response import HTTPResponse

    from xelinkd.config.sources import Source as Settings

    Objection = tuple[Reason, str]

_HEADERS: Final = {
    "User-Agent": f"xelinkd/{__version__}",
    "Connection": "close",
    "Accept-Encoding": SKIP_HEADER,  # http.client would send "identity"
}
_STATUS_ADVICE: Final = {
    401: "it wants a user and a password: set source.user and source.password_file",
    403: "it does not let us in",
    404: "check the path of the URL",
}
parse_url: Final = lru_cache(maxsize=8)(_parse_url)  # it takes a tenth of a fetch, and few are asked
_PART_SIZE: Final = 131_072  # bytes
_MAX_ERROR_SIZE: Final = 4096  # bytes of an error's body that are read
_MAX_LINE_LENGTH: Final = 200  # characters of it that are shown


def _no_words(_status: int, _body: bytes) -> Objection | None:
    """Know no form in which errors are told."""
    return None


class Place(Struct, frozen=True):
    """Where an answer is to be had, and what one fetch may cost.

    `deadline_seconds` is for the whole fetch, `max_page_bytes` for all that is received, headers included;
    https trusts the certificates of the PEM file `ca_file` instead of the system's CAs, or what is pinned and
    nothing else. `login` is only for https. `explain` reads the body of an error, if it has a form.
    Raises ValueError for a URL that is not http or https, or that holds a user or password.
    """

    url: str
    deadline_seconds: float
    ca_file: str | None
    max_page_bytes: int
    login: Login | None = None
    pin: Pin | None = None
    explain: Callable[[int, bytes], Objection | None] = _no_words

    def __post_init__(self) -> None:
        """Refuse a URL that no fetch could use."""
        url = parse_url(self.url)
        if url.scheme not in {"http", "https"} or not url.host or url.auth:
            raise ValueError("a source's URL is http://HOST:PORT/PATH or https://..., without a password")
        if self.login and url.scheme != "https":
            raise ValueError("a password is sent over https only")


def place_of(settings: Settings, url: str) -> Place:
    """Give a place at this address, and all else as it is configured; a password goes over https only."""
    login = Login(settings.user, settings.password_path) if settings.password_path else None
    pinned = settings.pin_file or settings.fingerprint
    return Place(
        url,
        float(settings.deadline),
        settings.ca_file or None,
        settings.max_page_mib * 1024 * 1024,
        login if is_https(url) else None,
        Pin(settings.pin_file, settings.fingerprint) if pinned else None,
    )


def fetch(source: Place, clock: Callable[[], float] = time.monotonic) -> Generator[bytes]:
    """Ask once, and give the body of the page as it was sent, in parts as they come.

    `clock` gives seconds and never goes back. A body without a length is taken until the server closes:
    whether such a page is whole can only be seen from its lines.

    Raises:
        FetchError: there is no page; its reason tells why.

    """
    headers = _HEADERS
    try:
        if source.login:
            headers = _HEADERS | {"Authorization": authorization(source.login)}
        yield from _fetch(source, headers, Deadline(clock() + source.deadline_seconds, clock))
    except FAILURES as error:
        raise failure(source.url, error, sent=headers) from error


def _fetch(source: Place, headers: Mapping[str, str], deadline: Deadline) -> Iterator[bytes]:
    url = parse_url(source.url)
    context = context_of(source) if url.scheme == "https" else None
    with exchange(url, Request(headers), context, deadline, source.max_page_bytes) as response:
        if objection := _objection(response, source, partial(strike, headers=headers)):
            reason, detail = objection
            raise FetchError(reason, f"{source.url}: {detail}")
        yield from _parts(response)


def context_of(source: Place) -> ssl.SSLContext:
    """Give what a connection over https trusts; CaFileError: the file of it is unfit."""
    from xelinkd.net.trust import trust, trust_pinned  # noqa: PLC0415  it takes OpenSSL

    return trust_pinned(source.pin) if source.pin else trust(source.ca_file)


def _objection(response: HTTPResponse, source: Place, told: Callable[[str], str]) -> Objection | None:
    """Say why a response is not what was asked for, as far as its status and headers tell.

    `told` gives what may be told of the server's words.
    """
    if location := response.get_redirect_location():
        return Reason.REDIRECT, f"it points to {told(location)!r}, which is not followed: check the URL"
    login = source.login
    if response.status == http.client.UNAUTHORIZED and login:
        return Reason.UNAUTHORIZED, f"user {login.user!r} or the password in {login.password_file} is refused"
    if response.status != http.client.OK:
        return _bad_status(response.status, told(_start(response)), source)
    if part := response.headers.get("Content-Range"):
        return Reason.PROTOCOL, f"it is a part of a page ({told(part)!r}), which was not asked for"
    if coding := _coding(response.headers):
        return Reason.ENCODED, f"the body is encoded as {told(coding)!r}, which was not asked for"
    return None


def _bad_status(status: int, body: str, source: Place) -> Objection:
    advice = _STATUS_ADVICE.get(status, "see XPU Manager's log")
    line = body[:_MAX_LINE_LENGTH].partition("\n")[0].strip()
    return source.explain(status, body.encode()) or (
        Reason.HTTP_STATUS,
        f"status {status}, {line!r}: {advice}",
    )


def _start(response: HTTPResponse) -> str:
    """Read the start of an error's body, as far as it can be had."""
    start = b""
    with suppress(*FAILURES):  # the status is the reason, whatever becomes of the body
        start = response.read(_MAX_ERROR_SIZE)
    return start.decode(errors="replace")


def _coding(headers: HTTPHeaderDict) -> str | None:
    """Name the coding that makes the body something else than the page, in chunks or in one piece."""
    content = headers.get("Content-Encoding", "identity")
    if content.lower() != "identity":
        return content
    transfer = headers.get("Transfer-Encoding", "identity")
    return None if transfer.lower() in {"identity", "chunked"} else transfer


def _parts(response: HTTPResponse) -> Iterator[bytes]:
    """Give the body in parts of some size, whatever the chunks are that it comes in."""
    parts: Iterator[bytes] = response.stream(_PART_SIZE)
    return _gathered(parts) if response.chunked else parts


def _gathered(chunks: Iterator[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) >= _PART_SIZE:
            yield bytes(held)
            held.clear()
    yield bytes(held)
