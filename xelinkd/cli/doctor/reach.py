"""The way to XPU Manager: name, connection, TLS. Nothing is asked, so no login is spent."""

from __future__ import annotations

import ssl
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from xelinkd.cli.doctor.finding import Outcome, broken, not_looked_at, note, well
from xelinkd.config.url import host_and_port, is_https
from xelinkd.model.unknown import Reason
from xelinkd.model.words import span
from xelinkd.net.bounded_http import connect
from xelinkd.net.deadline import Deadline
from xelinkd.net.failure import FAILURES, failure
from xelinkd.net.lookup import look_up
from xelinkd.sources.place import context_of, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xelinkd.cli.doctor.finding import Finding
    from xelinkd.config.sources import Source

STEPS: Final = ("name", "connection", "tls")
SOON: Final = 7 * 86_400.0  # seconds

_ADVICE: Final[Mapping[Reason, str]] = {
    Reason.DNS: "put the right host into the source's address, or mend the resolver",
    Reason.REFUSED: "start XPU Manager, or put its port into the address (pods: 29999, bare metal: 30000)",
    Reason.UNREACHABLE: "look at the source's address, routes and firewalls",
    Reason.TIMEOUT: "look at the source's address, firewalls, and the load of the node",
    Reason.CA_UNREADABLE: "put a PEM file there: `xelinkd trust --write FILE` makes one for source.pin_file",
    Reason.TLS_CERTIFICATE: "run `xelinkd trust` to see and pin it, or set source.ca_file to its CA's",
    Reason.TLS: "look whether the server speaks https there (else put http:// into source.url)",
    Reason.CLOSED: "look whether the server speaks https there (else put http:// into source.url)",
}


def look_at_ways(source: Source) -> tuple[Finding, ...]:
    """Look at the way to what is preferred, and where that is broken at the next, if there is one."""
    if not source.urls:
        return tuple(well(step, f"not used: source.kind is {source.kind}") for step in STEPS)
    first, *others = (tuple(look_at_way(source, url)) for url in source.urls)
    return next((way for way in (first, *others) if not is_broken(way)), first)


def spared(way: tuple[Finding, ...], by: str) -> Iterator[Finding]:
    """Tell of a broken way that something else answers all the same."""
    for finding in way:
        if finding.outcome is Outcome.BROKEN:
            yield note(
                finding.step, finding.found, f"nothing is lost while {by} answers; else: {finding.advice}"
            )
        else:
            yield finding


def is_broken(way: tuple[Finding, ...]) -> bool:
    """Tell whether a step of it is."""
    return any(finding.outcome is Outcome.BROKEN for finding in way)


def look_at_way(source: Source, url: str) -> Iterator[Finding]:
    """Resolve, connect, and shake hands; a step that fails leaves those after it."""
    left = list(STEPS)
    try:
        with ExitStack() as stack:
            for finding in _steps(source, url, stack):
                left.pop(0)
                yield finding
    except FAILURES as error:
        told = failure(url, error)
        step = left.pop(0)
        yield broken(step, str(told), _ADVICE.get(told.reason, "look at the source's address"))
        yield from not_looked_at(left, f"the {step} is broken")


def _steps(source: Source, url: str, stack: ExitStack) -> Iterator[Finding]:
    host, port = host_and_port(url)
    deadline = Deadline(time.monotonic() + source.deadline, time.monotonic)
    addresses = look_up(host, port, deadline)
    yield well("name", f"{host} is {', '.join(_unique(addresses))}")
    sock = stack.enter_context(connect(addresses, deadline))
    yield well("connection", f"port {port} answers")
    if is_https(url):
        sock.settimeout(deadline.remaining())
        context = context_of(place_of(source, url))
        yield _certificate(stack.enter_context(context.wrap_socket(sock, server_hostname=host)), source)
    else:
        yield well("tls", "not used: the address is http://")


def _unique(addresses: Sequence[tuple[Any, ...]]) -> list[str]:
    return list(dict.fromkeys(str(address[4][0]) for address in addresses))


def _certificate(sock: ssl.SSLSocket, source: Source) -> Finding:
    if source.pin_file or source.fingerprint:
        return well("tls", f"{sock.version()}; the certificate is the pinned one")
    end = (sock.getpeercert() or {}).get("notAfter")
    left = ssl.cert_time_to_seconds(str(end)) - time.time()
    by = source.ca_file or "the system's CAs"
    found = f"{sock.version()}; the certificate is trusted by {by}, and runs out in {span(left)}"
    if left < SOON:
        return note("tls", found, "renew it before then: a certificate that ran out is refused")
    return well("tls", found)
