"""The running xelinkd, asked over HTTP as anybody may ask it; and the flags that say how."""

from __future__ import annotations

import http.client
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from urllib3.util import parse_url

from xelinkd import __version__
from xelinkd.cli.usage import UsageError
from xelinkd.config.rules import address_and_port
from xelinkd.config.small_file import read_secret
from xelinkd.config.url import is_https, is_url
from xelinkd.model.unknown import Reason
from xelinkd.net.bounded_http import Request, exchange
from xelinkd.net.deadline import Deadline
from xelinkd.net.failure import FAILURES, FetchError, failure
from xelinkd.net.pin import CaFileError
from xelinkd.net.trust import trust, trust_alone
from xelinkd.views.documents.status_document import NoDocumentError, read

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from xelinkd.config.schema import Status
    from xelinkd.views.documents.status_document import Document

DEADLINE: Final = 5.0  # seconds
MAX_SIZE: Final = 32 * 1024 * 1024  # bytes; 128 tiles, all linked, take 1 MB
PATH: Final = "/status.json"

# A sentence for each reason that an exception can mean: failure() asks for no other.
_ADVICE: Final[Mapping[Reason, str]] = {
    Reason.TIMEOUT: f"no answer within {DEADLINE:.0f} s: is the node overloaded?",
    Reason.TOO_LARGE: "the answer is too large: is this xelinkd?",
    Reason.PASSWORD_UNREADABLE: "the token file must be readable and hold the token in its first line",
    Reason.CA_UNREADABLE: "the certificate file must be readable and hold certificates as PEM",
    Reason.TLS_CERTIFICATE: "the server's certificate is refused: does the file belong to it?",
    Reason.TLS: "TLS failed: does it speak plain http, or want a client certificate?",
    Reason.DNS: "the host's name does not resolve",
    Reason.REFUSED: "nothing listens there: does xelinkd run, and is this its status.listen?",
    Reason.CLOSED: "it hung up without an answer: does it want https, or a client certificate?",
    Reason.UNREACHABLE: "the host cannot be reached",
    Reason.TRUNCATED: "the answer was cut",
    Reason.PROTOCOL: "the answer is not proper HTTP: is this xelinkd, and does it want https?",
}
_NO_FILE_ADVICE: Final = {
    **_ADVICE,
    Reason.TLS_CERTIFICATE: "the server's certificate is not trusted: name it, or its CA, with --ca-file",
}
_STATUS_ADVICE: Final = {
    401: (
        Reason.UNAUTHORIZED,
        "it wants a token (--token-file) or a certificate (--client-cert)",
    ),
    403: (Reason.UNAUTHORIZED, "it wants a certificate that it knows (--client-cert)"),
    404: (Reason.HTTP_STATUS, "this is not xelinkd: is the address right?"),
    503: (Reason.HTTP_STATUS, "it is busy, or has just begun: ask again"),
}


class Service(Struct, frozen=True):
    """Where a xelinkd serves its status (a URL without a path), and how it is asked.

    `cert_file` is the server's own certificate, `ca_file` what else to trust (neither: the system's CAs).
    """

    url: str
    cert_file: str | None = None
    ca_file: str | None = None
    token_file: Path | None = None
    client_cert: Path | None = None


def add_flags(made: ArgumentParser) -> None:
    """Add the flags that say how a xelinkd is asked."""
    made.add_argument("--token-file", type=Path, metavar="FILE", help="its first line is the token to send")
    made.add_argument("--ca-file", metavar="FILE", help="PEM file: trust exactly these certificates")
    add_client_cert(made)


def add_client_cert(made: ArgumentParser) -> None:
    """Add the flag for a xelinkd that asks for a client's certificate."""
    made.add_argument(
        "--client-cert", type=Path, metavar="FILE", help="PEM file: our certificate and its key, if it asks"
    )


def service_of(url: str | None, options: Namespace, status: Status) -> Service:
    """Name the service that is meant: the configured one, unless a URL is given.

    What is configured (token, certificate) is for the configured one only.

    Raises:
        UsageError: there is none.

    """
    if url is not None:
        return Service(_base(url), None, options.ca_file, options.token_file, options.client_cert)
    here = configured(status)
    if here is None:
        raise UsageError("status.listen is empty: this configuration serves no status; name a URL")
    cert_file = None if options.ca_file else here.cert_file
    token_file = options.token_file or here.token_file
    return Service(here.url, cert_file, options.ca_file, token_file, options.client_cert)


def configured(status: Status) -> Service | None:
    """Name the service that the configuration makes; None if it serves no status."""
    if not status.listen:
        return None
    address, port = address_and_port(status.listen)
    host = ("::1" if address.version == 6 else "127.0.0.1") if address.is_unspecified else str(address)  # noqa: PLR2004
    scheme = "https" if status.cert_file else "http"
    netloc = f"[{host}]" if ":" in host else host
    return Service(f"{scheme}://{netloc}:{port}", status.cert_file or None, None, status.token_path)


def _base(url: str) -> str:
    base = url.removesuffix(PATH).removesuffix("/")
    if not is_url(url) or parse_url(base).path:
        raise UsageError(f"{url}: the address of a xelinkd is http://HOST:PORT or https://HOST:PORT")
    return base


def ask_document(service: Service) -> Document:
    """Ask once for the status.

    Raises:
        FetchError: there is none; its reason tells why.

    """
    return read_document(service, ask(service))


def read_document(service: Service, content: bytes) -> Document:
    """Read what was answered.

    Raises:
        FetchError: it is no status.

    """
    try:
        return read(content)
    except NoDocumentError as error:
        detail = f"{service.url}: what it serves is not the status of a xelinkd of this kind ({error})"
        raise FetchError(Reason.PROTOCOL, detail) from None


def ask(service: Service) -> bytes:
    """Ask once for the status, and give the document as it came.

    Raises:
        FetchError: there is none; its reason tells why.

    """
    headers = {"User-Agent": f"xelinkd/{__version__}", "Connection": "close", "Accept": "application/json"}
    try:
        if service.token_file:
            headers["Authorization"] = f"Bearer {read_secret(service.token_file).decode('latin-1')}"
        return _ask(service, headers)
    except FAILURES as error:
        advice = _ADVICE if service.cert_file or service.ca_file else _NO_FILE_ADVICE
        raise failure(service.url, error, advice, headers) from error


def _ask(service: Service, headers: Mapping[str, str]) -> bytes:
    context = _context(service) if is_https(service.url) else None
    deadline = Deadline(time.monotonic() + DEADLINE, time.monotonic)
    with exchange(parse_url(service.url + PATH), Request(headers), context, deadline, MAX_SIZE) as response:
        if response.status != http.client.OK:
            reason, advice = _STATUS_ADVICE.get(response.status, (Reason.HTTP_STATUS, "see its log"))
            raise FetchError(reason, f"{service.url}: status {response.status}: {advice}")
        return response.read()


def _context(service: Service) -> ssl.SSLContext:
    context = trust_alone(service.cert_file) if service.cert_file else trust(service.ca_file)
    if service.client_cert:
        _show_certificate(context, service.client_cert)
    return context


def _show_certificate(context: ssl.SSLContext, file: Path) -> None:
    try:
        context.load_cert_chain(file)
    except ssl.SSLError as error:
        raise CaFileError(f"{file}: it must hold a certificate and its key: {error}") from error
    except OSError as error:
        raise CaFileError(f"{file}: {error}") from error
