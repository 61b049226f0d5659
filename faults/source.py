"""The faults of the source: everything that an XPU Manager, or what stands in its place, can do wrong."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from faults import pages, scripts, tls
from faults.answers import chunked, gzip_bomb, response, until_closed, zipped
from faults.fault import Fault
from faults.preload import preload
from faults.scripts import answering, endless, sending

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from faults.preload import Preload
    from faults.rig import Rig
    from faults.wire import Script

    Make = Callable[[bytes, int], bytes]  # from the healthy page and the number of the connection

_MIB: Final = 1024 * 1024
_BLOCKED_FETCHES: Final = 5
_PIPELINE: Final = frozenset({"xelinkd:fetcher", "xelinkd:writer"})
_NO_HOST: Final = ".".join(["nowhere"] * 40)  # too long for the DNS: the resolver asks nobody
_FOR_EVER: Final = 25.0  # seconds
_CHUNKED: Final = until_closed(b"", "Transfer-Encoding: chunked")
_UNREADABLE: Final = "Content-Type: multipart/x; boundary*=idna''%ff"  # breaks the parser of Python's email


# Kinds of faults.


def _playing(name: str, reason: str, script: Script) -> Fault:
    return Fault(name, lambda rig: rig.source.playing(script), (reason,))


def _blocking(name: str, script: Script) -> Fault:
    return replace(_playing(name, "timeout", script), blocks=True, fetches=_BLOCKED_FETCHES)


def _answer(name: str, reason: str, make: Make) -> Fault:
    return _playing(name, reason, answering(make))


def _page(name: str, reason: str, make: Make) -> Fault:
    """Have nothing wrong but the page."""
    return _answer(name, reason, lambda page, number: response(make(page, number)))


def _doubtful(name: str, make: Make) -> Fault:
    """Have the same incomplete page again and again, but not as often as it takes to be believed."""
    return replace(_page(name, "incomplete", make), prepare=_doubt_for_long)


def _doubt_for_long(rig: Rig) -> None:
    rig.daemon.configure(source={"incomplete_fetches": 1000})


def _status(name: str, status: str, *headers: str, body: bytes = b"") -> Fault:
    return _answer(name, "http_status", lambda *_: response(body, *headers, status=status))


def _flood(name: str, reason: str, script: Script) -> Fault:
    """Send so much that it may take the whole deadline to be read."""
    return replace(_playing(name, reason, script), tells=(reason, "timeout"), blocks=True)


def _large(name: str, reason: str, make: Callable[[], bytes]) -> Fault:
    """Flood with what takes long to be made: that is done before the fault begins."""
    return Fault(name, lambda rig: rig.source.playing(sending(make())), (reason, "timeout"), blocks=True)


def _have_time(rig: Rig) -> None:
    rig.daemon.configure(source={"deadline": "5s"})


def _cut_in_line(page: bytes, number: int) -> bytes:
    return until_closed(pages.cut_in_line(page, number))


def _cut_between_lines(page: bytes, number: int) -> bytes:
    return until_closed(pages.cut_between_lines(page, number))


def _padded(page: bytes) -> bytes:
    """Make the page as large as a page may be, nearly."""
    return response(pages.telemetry(15 * _MIB - len(page)) + page)


def _speaking(name: str, reason: str, context: Callable[[], ssl.SSLContext | None]) -> Fault:
    """Speak TLS in another way than the daemon expects."""
    return Fault(name, lambda rig: rig.source.speaking(context()), (reason,))


def _over_tls(*faults: Fault) -> tuple[Fault, ...]:
    """Have the source speak TLS, and the daemon trust it, when all is well."""
    return tuple(replace(fault, prepare=tls.speak_tls) for fault in faults)


# Faults that are not only of what the source sends.


@contextmanager
def _rotating(rig: Rig) -> Iterator[None]:
    """Have another certificate from now on; the file of what is trusted follows when the fault is over."""
    rig.source.speak_tls(tls.certified(tls.stranger()))
    yield
    tls.trust(rig, tls.stranger())


@contextmanager
def _without_address(rig: Rig) -> Iterator[None]:
    """Have the configuration name a host that does not resolve."""
    rig.daemon.configure(source={"url": rig.source.url(host=_NO_HOST)})
    rig.daemon.wait_for("topology_unknown")
    yield
    rig.daemon.configure(source={"url": rig.source.url()})


class _SlowNames:
    """The source is asked by its name, whose lookup takes longer than the fault itself lasts."""

    def __init__(self) -> None:
        self._preload: Preload

    def prepare(self, rig: Rig) -> None:
        """Stand between the daemon and the resolver."""
        self._preload = preload(rig)
        rig.daemon.configure(source={"url": rig.source.url(host="localhost")})

    def begin(self, _rig: Rig) -> AbstractContextManager[None]:
        """Let it hang."""
        return self._preload.slow_names(_FOR_EVER)


@contextmanager
def _silent_in_handshake(rig: Rig) -> Iterator[None]:
    with rig.source.speaking(None), rig.source.playing(scripts.say_nothing):
        yield


# All of them.

_SLOW_NAMES: Final = _SlowNames()
_REACHING: Final = (
    Fault("refused", lambda rig: rig.source.refusing(), ("refused",), counts=False),
    Fault(
        "accepted by nobody",
        lambda rig: rig.source.stalling(),
        ("timeout",),
        blocks=True,
        counts=False,
        fetches=_BLOCKED_FETCHES,
    ),
    Fault("DNS name that does not resolve", _without_address, ("dns",), counts=False, may_end=_PIPELINE),
    Fault(
        "name lookups that hang",
        _SLOW_NAMES.begin,
        ("dns",),
        _SLOW_NAMES.prepare,
        blocks=True,
        counts=False,
        fetches=_BLOCKED_FETCHES,
    ),
    _playing("closed at once", "closed", scripts.hang_up),
    _blocking("accepted and silent", scripts.say_nothing),
    _blocking("silent after the headers", scripts.stop_after_headers),
    _blocking("headers dripped", scripts.drip_headers),
    _blocking("body dripped", scripts.drip_body),
    _blocking("whole page, never ended", scripts.never_end),
    _playing("reset in the body", "closed", scripts.reset),
)
_STATUS: Final = (
    _status("401", "401 Unauthorized"),
    _status("403", "403 Forbidden"),
    _status("404", "404 Not Found"),
    _status("429 with Retry-After", "429 Too Many Requests", "Retry-After: 3600"),
    _status("503 with Retry-After", "503 Service Unavailable", "Retry-After: 3600"),
    _status("500 #nodata", "500 Internal Server Error", body=b"#nodata: failed to get devices (1)"),
    _answer("503 with a good-looking body", "http_status", lambda page, _: response(page, status="503 Busy")),
    _status("204", "204 No Content"),
    _status("status that would break the log", "500 \x1b]0;no\x07", body=b'\x1b[2J\xff\r{"\x00\n{"time'),
    _playing("redirect elsewhere", "redirect", scripts.redirect),
    _answer("redirect loop", "redirect", lambda *_: response(b"", "Location: /metrics", status="301 Moved")),
    replace(_playing("every second answer bad", "http_status", scripts.fail_every_second), follows=True),
)
_NOT_THE_PAGE: Final = (
    _page("200 without the family", "no_family", lambda page, _: pages.without_family(page)),
    _page("TYPE line without samples", "no_samples", lambda page, _: pages.without_samples(page)),
    _page("empty", "not_exposition", lambda *_: b""),
    _page("HTML", "not_exposition", lambda *_: pages.HTML),
    _page("JSON", "not_exposition", lambda *_: pages.JSON),
    _page("XPU Manager 2", "xpum2", lambda *_: pages.XPU_MANAGER_2),
    _page("noise", "not_exposition", lambda *_: os.urandom(_MIB)),
    _page("UTF-16", "not_exposition", lambda page, _: page.decode().encode("utf-16")),
)
_BROKEN_PAGE: Final = (
    _answer("cut mid-line without length", "malformed", _cut_in_line),
    _answer("cut between two lines without length", "incomplete", _cut_between_lines),
    _doubtful("cut after its first row, always there", lambda page, _: pages.first_row(page)),
    _page("bad topology line", "malformed", lambda page, n: pages.with_line(page, n, b'="', b"=")),
    _page("bad value", "malformed", lambda page, n: pages.with_line(page, n, b"} ", b"} zwei")),
    _page("bad UTF-8", "malformed", lambda page, n: pages.with_line(page, n, b'="', b'="\xff')),
    replace(_page("NUL bytes", "malformed", pages.with_hole), tells=("malformed", "incomplete")),
    _page("negative ids", "no_samples", lambda page, _: pages.without_ids(page)),
    _page("negative ids in a line", "incomplete", pages.without_ids_in_a_line),
    _page("negative ids for one GPU", "incomplete", pages.without_id_of_a_device),
    _doubtful("connections not known", lambda page, _: pages.without_connections(page)),
    _page("CR at each line's end", "malformed", lambda page, _: page.replace(b"\n", b"\r\n")),
)
_BROKEN_HTTP: Final = (
    _answer("shorter than Content-Length", "truncated", lambda page, _: response(page)[:-1000]),
    _answer(
        "Content-Length of an exabyte",
        "truncated",
        lambda page, _: until_closed(page, f"Content-Length: {10**18}"),
    ),
    _answer("two lengths", "protocol", lambda page, _: response(page, "Content-Length: 9")),
    _answer(
        "Content-Length that is no number",
        "protocol",
        lambda page, _: until_closed(page[:-1000], f"Content-Length: {len(page):#x}"),
    ),
    _answer(
        "header line without a colon",
        "protocol",
        lambda page, _: response(page, "served by nobody")[:-1000],
    ),
    _answer("not HTTP", "protocol", lambda *_: b"SSH-2.0-OpenSSH_9.2\r\n"),
    _answer("page without HTTP", "protocol", lambda page, _: page),
    _answer("headers that cannot be read", "protocol", lambda page, _: response(page, _UNREADABLE)),
    _answer("bad chunk size", "protocol", lambda page, _: chunked(page, size=b"zwei")),
    _answer("chunk of an exabyte", "truncated", lambda page, _: chunked(page, size=b"f" * 15)),
    _answer("chunked and cut", "truncated", lambda page, _: chunked(page)[:-1000]),
    _answer("cut between two chunks", "truncated", lambda page, _: chunked(page, end=b"")),
    _answer(
        "Transfer-Encoding nobody asked for",
        "encoded",
        lambda page, _: until_closed(page, "Transfer-Encoding: gzip"),
    ),
    _answer("Content-Encoding nobody asked for", "encoded", lambda page, _: zipped(page)),
)
_TOO_MUCH: Final = (
    _large("gzip bomb", "encoded", gzip_bomb),
    _flood("endless body", "too_large", endless(until_closed(b""), pages.telemetry(4096))),
    _flood("endless line", "malformed", endless(until_closed(pages.LINE_START), b"a")),
    _flood("endless status line", "too_large", endless(b"HTTP/1.1 200 ", b"O")),
    _flood("endless headers", "protocol", endless(b"HTTP/1.1 200 OK\r\n", b"X-More: of the same\r\n")),
    _flood("endless 100 Continue", "too_large", endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
    _flood("endless chunk size", "truncated", endless(_CHUNKED, b"0")),
    _flood("endless chunks of a byte", "too_large", endless(_CHUNKED, b"1\r\na\r\n")),
    _flood("endless trailers", "too_large", endless(_CHUNKED + b"0\r\n", b"X-More: of the same\r\n")),
    _large("300,000 links", "too_large", lambda: response(pages.single_links(300_000))),
    _large("as many links as fit into a page", "too_large", lambda: response(pages.single_links(100_000))),
    _large("a million labels on a line", "malformed", lambda: response(pages.many_labels(1_000_000))),
    _large("as many labels as are read", "no_samples", lambda: response(4096 * pages.many_labels(64))),
    _large("as many shapes of lines as are read", "malformed", lambda: _padded(pages.many_shapes(12_000))),
    _large("more than 64 KiB of labels", "feature_file_failing", lambda: response(pages.mesh(110))),
    replace(
        _flood("15 MiB of other metrics", "", answering(lambda page, _: _padded(page))),
        prepare=_have_time,
        tells=(),
        follows=True,
    ),
)
_TLS: Final = (
    replace(
        _speaking("TLS where plain was expected", "closed", lambda: tls.certified(tls.authority())),
        tells=("closed", "protocol"),
    ),
    *_over_tls(
        _speaking("plain where TLS was expected", "tls", lambda: None),
        _speaking("certificate expired", "tls_certificate", tls.expired),
        _speaking("certificate of a wrong name", "tls_certificate", tls.misnamed),
        _speaking("certificate of a wrong CA", "tls_certificate", lambda: tls.certified(tls.stranger())),
        Fault("certificate rotated mid-run", _rotating, ("tls_certificate",), may_end=_PIPELINE),
        _speaking("client certificate wanted", "tls", tls.suspicious),
        Fault(
            "silent in the handshake",
            _silent_in_handshake,
            ("timeout",),
            blocks=True,
            fetches=_BLOCKED_FETCHES,
        ),
        _answer("cut between two lines, over TLS", "incomplete", _cut_between_lines),
    ),
)

FAULTS: Final = (*_REACHING, *_STATUS, *_NOT_THE_PAGE, *_BROKEN_PAGE, *_BROKEN_HTTP, *_TOO_MUCH, *_TLS)
