"""How a fetch fails: the error it raises, and what each exception on the way means to people."""

from __future__ import annotations

import http.client
import socket
import sys
from typing import TYPE_CHECKING, Final

from urllib3.exceptions import HTTPError, InvalidChunkLength, ProtocolError

from xelinkd.config.small_file import SecretError
from xelinkd.model.printable import printable
from xelinkd.model.unknown import Reason
from xelinkd.net.bounded_http import BudgetSpentError
from xelinkd.net.credentials import NOTHING, strike
from xelinkd.net.pin import CaFileError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_DETAIL_LENGTH: Final = 500  # characters

FAILURES: Final = (
    OSError,
    ValueError,
    http.client.HTTPException,
    HTTPError,
    BudgetSpentError,
    CaFileError,
    SecretError,
)
"""All that a fetch may raise on its way; MemoryError and our own mistakes are not among them."""

# The first kind that fits decides: subclasses come before their bases.
_REASONS: Final[tuple[tuple[type[Exception], Reason], ...]] = (
    (TimeoutError, Reason.TIMEOUT),
    (BudgetSpentError, Reason.TOO_LARGE),
    (CaFileError, Reason.CA_UNREADABLE),
    (SecretError, Reason.PASSWORD_UNREADABLE),
    (socket.gaierror, Reason.DNS),
    (UnicodeError, Reason.DNS),  # a label that is empty or too long
    (ConnectionRefusedError, Reason.REFUSED),
    (ConnectionError, Reason.CLOSED),
    (OSError, Reason.UNREACHABLE),
    (InvalidChunkLength, Reason.PROTOCOL),
    (http.client.IncompleteRead, Reason.TRUNCATED),
    (ProtocolError, Reason.TRUNCATED),  # without a cause: cut where a chunk should begin
    (Exception, Reason.PROTOCOL),
)

ADVICE: Final[Mapping[Reason, str]] = {
    Reason.TIMEOUT: "no whole page by the deadline: is XPU Manager hanging or overloaded?",
    Reason.TOO_LARGE: "the answer is larger than a page may be: is this XPU Manager?",
    Reason.PASSWORD_UNREADABLE: "the password file must be readable and hold the password in its first line",
    Reason.CA_UNREADABLE: "the file of trusted certificates must be readable and hold certificates as PEM",
    Reason.TLS_CERTIFICATE: "the server's certificate is refused (`xelinkd trust` shows it, and can pin it)",
    Reason.TLS: "TLS failed: does the server speak plain http, or no TLS 1.2?",
    Reason.DNS: "the host's name does not resolve: check the URL and the resolver",
    Reason.REFUSED: "nothing listens there: is XPU Manager running, and is this its port?",
    Reason.CLOSED: "the server hung up without a whole answer: does it want https?",
    Reason.UNREACHABLE: "the host cannot be reached: check the URL, routes and firewalls",
    Reason.TRUNCATED: "the page was cut: did XPU Manager or a proxy fail while sending it?",
    Reason.PROTOCOL: "the answer is not proper HTTP: is this XPU Manager, and does it want https?",
}


class FetchError(Exception):
    """The fetch gave no page: `reason` is the stable word for it, `detail` the sentence for people.

    Much of the sentence comes from the network: it is cut to 500 characters, and cannot steer a terminal.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        """Keep the reason, and the sentence made printable."""
        self.reason = reason
        self.detail = _fit(detail)
        super().__init__(self.detail)


def failure(
    url: str, error: Exception, advice: Mapping[Reason, str] = ADVICE, sent: Mapping[str, str] = NOTHING
) -> FetchError:
    """Turn one of FAILURES into the error that tells people what failed, where and what to do.

    `advice` has a sentence for each reason that an exception can mean. `sent` are the headers of the request,
    whose credentials are told to nobody.
    """
    # urllib3 wraps what happens while a body is read, and keeps it as the cause.
    cause = error.__cause__ if isinstance(error, HTTPError) and error.__cause__ else error
    reason = _of_tls(cause) or next(reason for kind, reason in _REASONS if isinstance(cause, kind))
    return FetchError(reason, f"{url}: {advice[reason]} ({strike(str(cause), sent)})")


def _of_tls(cause: BaseException) -> Reason | None:
    """Give the reason, if it is an error of TLS: where `ssl` is not loaded, there are none."""
    ssl = sys.modules.get("ssl")
    if ssl is None or not isinstance(cause, ssl.SSLError):
        return None
    return Reason.TLS_CERTIFICATE if isinstance(cause, ssl.SSLCertVerificationError) else Reason.TLS


def _fit(text: str) -> str:
    """Make it printable, and cut what is too long."""
    shown = printable(text[: _MAX_DETAIL_LENGTH + 1])
    return shown if len(shown) <= _MAX_DETAIL_LENGTH else f"{shown[: _MAX_DETAIL_LENGTH - 1]}…"
