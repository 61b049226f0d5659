"""XPU Manager's `/metrics` page as a source: one fetch gives the page's bytes, or the reason why not."""

from __future__ import annotations

import http.client
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from urllib3.util import SKIP_HEADER, parse_url

from xelinkd import __version__
from xelinkd.model.unknown import Reason
from xelinkd.sources.bounded_http import Deadline, exchange
from xelinkd.sources.failure import FAILURES, FetchError, failure
from xelinkd.sources.login import Login, authorization
from xelinkd.sources.trust import trust

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from urllib3 import HTTPHeaderDict
    from urllib3.response import HTTPResponse

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
_PART_SIZE: Final = 65_536  # bytes
_MAX_LINE_SIZE: Final = 200  # bytes of an error's body that are shown


@dataclass(frozen=True, slots=True)
class MetricsSource:
    """Where the page is, and what one fetch may cost.

    `deadline_seconds` is for the whole fetch, `max_page_bytes` for all that is received, headers included;
    `ca_file` is the PEM file that https trusts instead of the system's CAs. `login` is only for https.
    Raises ValueError for a URL that is not http or https, or that holds a user or password.
    """

    url: str
    deadline_seconds: float
    ca_file: str | None
    max_page_bytes: int
    login: Login | None = None

    def __post_init__(self) -> None:
        """Refuse a URL that no fetch could use."""
        url = parse_url(self.url)
        if url.scheme not in {"http", "https"} or not url.host or url.auth:
            raise ValueError("a source's URL is http://HOST:PORT/PATH or https://..., without a password")
        if self.login and url.scheme != "https":
            raise ValueError("a password is sent over https only")


def fetch(source: MetricsSource, clock: Callable[[], float] = time.monotonic) -> Generator[bytes]:
    """Ask once, and give the body of the page as it was sent, in parts as they come.

    `clock` gives seconds and never goes back. A body without a length is taken until the server closes:
    whether such a page is whole can only be seen from its lines.

    Raises:
        FetchError: there is no page; its reason tells why.

    """
    try:
        yield from _fetch(source, Deadline(clock() + source.deadline_seconds, clock))
    except FAILURES as error:
        raise failure(source.url, error) from error


def _fetch(source: MetricsSource, deadline: Deadline) -> Iterator[bytes]:
    url = parse_url(source.url)
    context = trust(source.ca_file) if url.scheme == "https" else None
    headers = _HEADERS | ({"Authorization": authorization(source.login)} if source.login else {})
    with exchange(url, headers, context, deadline, source.max_page_bytes) as response:
        if objection := _objection(response, source.login):
            reason, detail = objection
            raise FetchError(reason, f"{source.url}: {detail}")
        yield from _parts(response)


def _objection(response: HTTPResponse, login: Login | None) -> tuple[Reason, str] | None:
    """Say why a response is no page, as far as its status and headers tell."""
    if location := response.get_redirect_location():
        return Reason.REDIRECT, f"it points to {location!r}, which is not followed: check the URL"
    if response.status == http.client.UNAUTHORIZED and login:
        return Reason.UNAUTHORIZED, f"user {login.user!r} or the password in {login.password_file} is refused"
    if response.status != http.client.OK:
        advice = _STATUS_ADVICE.get(response.status, "see XPU Manager's log")
        return Reason.HTTP_STATUS, f"status {response.status}, {_first_line(response)!r}: {advice}"
    if coding := _coding(response.headers):
        return Reason.ENCODED, f"the body is encoded as {coding!r}, which was not asked for"
    return None


def _first_line(response: HTTPResponse) -> str:
    """Read the start of an error's body, as far as it can be had."""
    start = b""
    with suppress(*FAILURES):  # the status is the reason, whatever becomes of the body
        start = response.read(_MAX_LINE_SIZE)
    return start.decode(errors="replace").partition("\n")[0].strip()


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
