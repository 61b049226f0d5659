"""The way to XPU Manager: name, connection, TLS. Nothing is asked, so no login is spent."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from xelinkd.cli.doctor.finding import broken, not_looked_at, note, well
from xelinkd.config.url import host_and_port, is_https
from xelinkd.model.unknown import Reason
from xelinkd.model.words import span
from xelinkd.sources.bounded_http import Deadline, connect
from xelinkd.sources.failure import FAILURES, failure
from xelinkd.sources.trust import trust

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xelinkd.cli.doctor.finding import Finding
    from xelinkd.config.schema import Source

STEPS: Final = ("name", "connection", "tls")
SOON: Final = 7 * 86_400.0  # seconds

_ADVICE: Final[Mapping[Reason, str]] = {
    Reason.DNS: "put the right host into source.url, or mend the resolver",
    Reason.REFUSED: "start XPU Manager, or put its port into source.url (pods: 29999, bare metal: 30000)",
    Reason.UNREACHABLE: "look at source.url, routes and firewalls",
    Reason.TIMEOUT: "look at source.url, firewalls, and the load of the node",
    Reason.CA_UNREADABLE: "put a PEM file with the server's certificate, or its CA's, at source.ca_file",
    Reason.TLS_CERTIFICATE: "set source.ca_file to the server's own certificate; use a name that it carries",
    Reason.TLS: "look whether the server speaks https there (else put http:// into source.url)",
    Reason.CLOSED: "look whether the server speaks https there (else put http:// into source.url)",
}


def look_at_way(source: Source) -> Iterator[Finding]:
    """Resolve, connect, and shake hands; a step that fails leaves those after it."""
    left = list(STEPS)
    try:
        with ExitStack() as stack:
            for finding in _steps(source, stack):
                left.pop(0)
                yield finding
    except FAILURES as error:
        told = failure(source.url, error)
        step = left.pop(0)
        yield broken(step, str(told), _ADVICE.get(told.reason, "look at source.url"))
        yield from not_looked_at(left, f"the {step} is broken")


def _steps(source: Source, stack: ExitStack) -> Iterator[Finding]:
    host, port = host_and_port(source.url)
    deadline = Deadline(time.monotonic() + source.deadline, time.monotonic)
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    yield well("name", f"{host} is {', '.join(_unique(addresses))}")
    sock = stack.enter_context(connect(addresses, deadline))
    yield well("connection", f"port {port} answers")
    if is_https(source.url):
        sock.settimeout(deadline.remaining())
        context = trust(source.ca_file or None)
        yield _certificate(stack.enter_context(context.wrap_socket(sock, server_hostname=host)), source)
    else:
        yield well("tls", "not used: the address is http://")


def _unique(addresses: list[tuple[Any, ...]]) -> list[str]:
    return list(dict.fromkeys(str(address[4][0]) for address in addresses))


def _certificate(sock: ssl.SSLSocket, source: Source) -> Finding:
    end = (sock.getpeercert() or {}).get("notAfter")
    left = ssl.cert_time_to_seconds(str(end)) - time.time()
    by = source.ca_file or "the system's CAs"
    found = f"{sock.version()}; the certificate is trusted by {by}, and runs out in {span(left)}"
    if left < SOON:
        return note("tls", found, "renew it before then: a certificate that ran out is refused")
    return well("tls", found)
