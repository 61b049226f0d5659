"""Kubernetes' API server, asked as a pod does: its address, its CA and a token come with the pod.

Each request is on a connection of its own, with one deadline and a limit to what is taken in. Token and CA
are read for each: kubelet renews them where they are. Redirects are not followed, and no proxy is asked.
"""

from __future__ import annotations

import http.client
import re
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct
from urllib3.util import SKIP_HEADER, parse_url

from xelinkd import __version__
from xelinkd.config.small_file import SecretError, read_secret
from xelinkd.model.node_feature import read_status
from xelinkd.model.printable import printable
from xelinkd.model.unknown import Reason
from xelinkd.net.bounded_http import Request, exchange
from xelinkd.net.credentials import NOTHING, strike
from xelinkd.net.deadline import Deadline
from xelinkd.net.failure import FAILURES, failure
from xelinkd.net.trust import trust
from xelinkd.sinks.sink import SinkError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from urllib3.response import HTTPResponse

MAX_SIZE: Final = 4 * 1024 * 1024  # bytes of an answer; an object of ours takes some thousand
TOKEN: Final = "token"  # noqa: S105  the file's name
CA: Final = "ca.crt"
NAMESPACE: Final = "namespace"
JSON: Final = "application/json"
APPLY: Final = "application/apply-patch+yaml"  # of which JSON is a part

_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750
_PART_SIZE: Final = 65_536  # bytes
_MAX_MESSAGE: Final = 300  # characters of the server's own words that are shown

_ADVICE: Final[Mapping[Reason, str]] = {
    Reason.TIMEOUT: "no whole answer by the deadline: is the API server overloaded, or a firewall between?",
    Reason.TOO_LARGE: "the answer is larger than any of ours: is this the API server?",
    Reason.PASSWORD_UNREADABLE: "the token must be readable: has the pod a service account, and its volume?",
    Reason.CA_UNREADABLE: "ca.crt must be readable and hold certificates as PEM: has the pod its volume?",
    Reason.TLS_CERTIFICATE: "its certificate is refused: does ca.crt belong to this cluster?",
    Reason.TLS: "TLS failed: is this the API server?",
    Reason.DNS: "its name does not resolve: check node_feature.server and the resolver",
    Reason.REFUSED: "nothing listens there: is the API server down, or node_feature.server wrong?",
    Reason.CLOSED: "it hung up without a whole answer",
    Reason.UNREACHABLE: "it cannot be reached: check routes and network policies",
    Reason.TRUNCATED: "its answer was cut",
    Reason.PROTOCOL: "the answer is not proper HTTP: is this the API server?",
}


class Answer(NamedTuple):
    """What it said, and the headers of the request: their credentials are told to nobody."""

    status: int
    body: bytes
    sent: Mapping[str, str] = NOTHING


class ApiError(SinkError):
    """It did not do it; `asked_for`: the seconds that it wants to be left alone."""

    def __init__(self, reason: str, detail: str, asked_for: float = 0.0) -> None:
        """Keep all of it."""
        self.asked_for = asked_for
        super().__init__(reason, detail)


class ApiServer(Struct, frozen=True):
    """Where it is, and with which credentials it is asked; `deadline` in seconds, for one whole request."""

    url: str
    credentials: Path
    deadline: float

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = JSON, accept: str = JSON
    ) -> Answer:
        """Ask once; any status that HTTP has is an answer.

        Raises:
            ApiError: there is no answer.

        """
        headers: Mapping[str, str] = NOTHING
        try:
            headers = self._headers(accept, kind if body else None)
            return self._ask(path, Request(headers, method, body))
        except FAILURES as error:
            told = failure(self.url, error, _ADVICE, headers)
            raise ApiError(told.reason, told.detail) from error

    def _ask(self, path: str, request: Request) -> Answer:
        deadline = Deadline(time.monotonic() + self.deadline, time.monotonic)
        context = trust(str(self.credentials / CA))
        with exchange(parse_url(f"{self.url}{path}"), request, context, deadline, MAX_SIZE) as response:
            answer = Answer(response.status, b"".join(response.stream(_PART_SIZE)), request.headers)
            if response.status == http.client.TOO_MANY_REQUESTS or response.status >= 500:  # noqa: PLR2004
                raise _overloaded(self.url, response, answer)
            return answer

    def _headers(self, accept: str, kind: str | None) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {_token(self.credentials / TOKEN)}",
            "Accept": accept,
            "User-Agent": f"xelinkd/{__version__}",
            "Connection": "close",
            "Accept-Encoding": SKIP_HEADER,
        }
        return headers | ({"Content-Type": kind} if kind else {})

    def own_namespace(self) -> str:
        """Give the pod's namespace.

        Raises:
            ApiError: it cannot be read.

        """
        try:
            return read_secret(self.credentials / NAMESPACE).decode("ascii")
        except FAILURES as error:
            why = f"set node_feature.namespace: the pod's own cannot be read ({error})"
            raise ApiError("no_namespace", why) from error


def _token(path: Path) -> str:
    """Read the token. What is none is not sent, for http.client would quote it in its error."""
    text = read_secret(path).decode("latin-1")
    if not _BEARER.fullmatch(text):
        raise SecretError(f"{path}: its first line is no token")
    return text


def _overloaded(url: str, response: HTTPResponse, answer: Answer) -> ApiError:
    """Take a status by which it is the server that is not well: to wait is all that can be done."""
    status = response.status
    reason = "overloaded" if status == http.client.TOO_MANY_REQUESTS else "server_error"
    return ApiError(reason, f"{url}: status {status}{said(answer)}", _seconds(response))


def _seconds(response: HTTPResponse) -> float:
    """Read a Retry-After: Kubernetes sends seconds."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0.0  # noqa: PLR2004  digits


def said(answer: Answer) -> str:
    """Quote what the server says of an error, made printable, without what it was sent."""
    message = strike(read_status(answer.body).message, answer.sent)
    return f": {printable(message[:_MAX_MESSAGE])!r}" if message else ""
