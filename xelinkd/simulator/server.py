"""The simulator over HTTP or HTTPS: one thread a connection, all of them ended by `stop`."""

from __future__ import annotations

import ipaddress
import re
import signal
import socket
import ssl
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from xelinkd.simulator.certificate import make_certificate
from xelinkd.simulator.control import CONTROL_PATH, METRICS_PATH, Request, State, rest_step, sentence, step
from xelinkd.simulator.faults import Mode, parse_mode
from xelinkd.simulator.rest import OPEN
from xelinkd.simulator.rest import PATH as REST_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xelinkd.simulator.faults import Answer
    from xelinkd.simulator.machine import Machine
    from xelinkd.simulator.rest import Door

_BODY_LENGTH: Final = re.compile(r"[0-9]{1,3}")  # no body that is of use is longer
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_CLIENT_TIMEOUT_SECONDS: Final = 60  # an idle client may hold its thread for so long
_POLL_SECONDS: Final = 0.05  # how soon `stop` is noticed
_DRAIN_SECONDS: Final = 5


class Rest(Struct, frozen=True):
    """How to serve the REST server of the bare-metal package, beside the page and of the same machine.

    It always speaks TLS: with `certfile` (PEM, with its key), or with one that is made for it.
    """

    port: int = 0
    door: Door = OPEN
    certfile: Path | None = None


class Options(Struct, frozen=True):
    """How to serve a machine.

    Port 0 takes a free port. A `certfile` (PEM; the key in `keyfile` or in the same file) makes it HTTPS.
    `control` None offers it on loopback addresses only. `log` gets a line for each request.
    """

    machine: Machine
    mode: Mode = Mode.OK
    host: str = "127.0.0.1"
    port: int = 0
    certfile: Path | None = None
    keyfile: Path | None = None
    control: bool | None = None
    log: Callable[[str], None] | None = None
    rest: Rest | None = None


class _Front(NamedTuple):
    """An address, who answers there, and over which TLS."""

    address: socket.socket
    answer: Callable[[Request], Answer]
    context: Callable[[], ssl.SSLContext | None]


class Simulator:
    """A stand-in for XPU Manager that can be stopped and started again at the same address."""

    def __init__(self, options: Options) -> None:
        """Take the addresses, without serving yet.

        Raises:
            OSError: one of them cannot be had.
            NoCertificateError: REST has no certificate, and none can be made.

        """
        self._options = options
        self._state = State(options.machine, options.mode, door=options.rest.door if options.rest else OPEN)
        self._lock = threading.Lock()
        self._running: list[tuple[_Server, threading.Thread]] = []
        self._kept = ExitStack()
        with ExitStack() as taken:
            self._fronts = tuple(self._take_fronts(taken))
            self._kept = taken.pop_all()
        (host, self.port), scheme = self._place(0), "https" if options.certfile else "http"
        self._control = ipaddress.ip_address(host).is_loopback if options.control is None else options.control
        base = f"{scheme}://{_netloc(host, self.port)}"
        self.url = f"{base}{METRICS_PATH}"
        self.control_url = f"{base}{CONTROL_PATH}"
        self.rest_url = f"https://{_netloc(*self._place(1))}{REST_PATH}" if options.rest else ""

    def _take_fronts(self, taken: ExitStack) -> Iterator[_Front]:
        options = self._options
        page = taken.enter_context(_take_address(options.host, options.port))
        yield _Front(page, self._answer, partial(_tls_context, options.certfile, options.keyfile))
        if options.rest:
            address = taken.enter_context(_take_address(options.host, options.rest.port))
            folder = Path(taken.enter_context(TemporaryDirectory(prefix="xelinkd-simulate-")))
            certfile = options.rest.certfile or make_certificate(folder)
            yield _Front(address, self._answer_rest, partial(_tls_context, certfile, None))

    def _place(self, number: int) -> tuple[str, int]:
        host, port = self._fronts[number].address.getsockname()[:2]
        return host, port

    @property
    def machine(self) -> Machine:
        """The machine as it is now, with the links that are down."""
        return self._state.machine

    @property
    def scrapes(self) -> int:
        """How many requests for `/metrics` have been answered."""
        return self._state.scrapes

    @property
    def reads(self) -> int:
        """How many requests for REST's topology have been answered."""
        return self._state.reads

    @property
    def refusals(self) -> int:
        """How many logins have failed, as far as the tarpit counts."""
        return self._state.door.failures

    def set_password(self, password: str | None) -> None:
        """Have REST ask for another password (None: for none)."""
        with self._lock:
            self._state = replace(self._state, door=replace(self._state.door, password=password))

    def set_link(self, name: str, *, up: bool) -> None:
        """Bring a link up or down; a ValueError says which links exist."""
        with self._lock:
            self._state = replace(self._state, machine=self._state.machine.with_link(name, up=up))

    def set_mode(self, mode: str) -> None:
        """Let XPU Manager fail, or recover; a ValueError lists the modes."""
        with self._lock:
            self._state = replace(self._state, mode=parse_mode(mode))

    def start(self) -> None:
        """Serve, reading the certificate anew."""
        for front in self._fronts:
            server = _Server(front.address, front.answer, front.context(), self._options.log)
            thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
            thread.start()
            self._running.append((server, thread))

    def stop(self) -> None:
        """Refuse connections and cut the open ones, as a process that died would; the port stays ours."""
        while self._running:
            server, thread = self._running.pop()
            server.shutdown()
            thread.join()
            server.server_close()
            server.cut_connections()

    def close(self) -> None:
        """Stop, and give the address up."""
        self.stop()
        self._kept.close()

    def _answer(self, request: Request) -> Answer:
        with self._lock:
            self._state, answer = step(self._state, request, control=self._control)
        return answer

    def _answer_rest(self, request: Request) -> Answer:
        with self._lock:
            self._state, answer, seconds = rest_step(self._state, request)
        time.sleep(seconds)  # in the connection's thread, as the tarpit takes one of XPU Manager's
        return answer


@contextmanager
def running(options: Options) -> Iterator[Simulator]:
    """Serve inside a `with` block."""
    simulator = Simulator(options)
    try:
        simulator.start()
        yield simulator
    finally:
        simulator.close()


@contextmanager
def serving(
    machine: Machine,
    *,
    mode: Mode = Mode.OK,
    certfile: Path | None = None,
    keyfile: Path | None = None,
    control: bool | None = None,
) -> Iterator[Simulator]:
    """Serve a machine at a free port of 127.0.0.1 inside a `with` block: what tests want."""
    options = Options(machine, mode, certfile=certfile, keyfile=keyfile, control=control)
    with running(options) as simulator:
        yield simulator


def run(options: Options, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `announce` gets one line that ends with the URL of the page.

    To be called from the main thread. Raises OSError if the address or the certificate cannot be had.
    """
    # Blocked before the first thread starts, so that all threads leave them to sigwait.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    try:
        with running(options) as simulator:
            rest = f" (REST: {simulator.rest_url})" if simulator.rest_url else ""
            announce(f"simulating XPU Manager with {simulator.machine}{rest}, at {simulator.url}")
            signal.sigwait(_STOP_SIGNALS)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _take_address(host: str, port: int) -> socket.socket:
    """Bind, but do not listen: connections are refused, and nobody else gets the port between runs."""
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
    except BaseException:
        taken.close()
        raise
    return taken


def _netloc(host: str, port: int) -> str:
    return f"{f'[{host}]' if ':' in host else host}:{port}"


def _tls_context(certfile: Path | None, keyfile: Path | None) -> ssl.SSLContext | None:
    if certfile is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certfile, keyfile)
    return context


class _Server(ThreadingMixIn, TCPServer):
    """Not http.server's own: that one asks the DNS for its name, and leaves connections open at its end."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        address: socket.socket,
        answer: Callable[[Request], Answer],
        context: ssl.SSLContext | None,
        log: Callable[[str], None] | None,
    ) -> None:
        """Listen at the address of a socket that is bound there."""
        self.address_family = address.family
        self.answer = answer
        self.log = log
        self._context = context
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(address.getsockname(), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept; the handshake is left to the connection's thread, so that a slow client delays no other."""
        connection, client = super().get_request()
        if self._context is not None:
            connection = self._context.wrap_socket(
                connection,
                server_side=True,
                do_handshake_on_connect=False,
            )
        with self._changed:
            self._open.add(connection)
        return connection, client

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as the base class has it
        """Close one connection."""
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def cut_connections(self) -> None:
        """End all connections and wait until their threads have let go of them."""
        with self._changed:
            for connection in self._open:
                with suppress(OSError):  # the client was faster
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._open, _DRAIN_SECONDS)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as the base class has it
        """Pass over clients that went away or failed the handshake; anything else is a fault of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "xelinkd-simulator"
    sys_version = ""
    error_message_format = "%(message)s\n"
    error_content_type = "text/plain; charset=utf-8"
    timeout = _CLIENT_TIMEOUT_SECONDS
    disable_nagle_algorithm = True  # header and body go out as two writes
    server: _Server

    def exchange(self) -> None:
        """Answer one request."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not _BODY_LENGTH.fullmatch(length):
            self.close_connection = True  # what follows is not read
            text = "send a body of at most 999 bytes, with its Content-Length"
            self._send(sentence(HTTPStatus.BAD_REQUEST, text))
            return
        path = urlsplit(self.path).path
        authorization = self.headers.get("Authorization", "")
        request = Request(self.command, path, self.rfile.read(int(length)), authorization)
        self._send(self.server.answer(request))

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = exchange  # noqa: N815 - http.server's names

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Write nothing to standard error."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - as above
        """Tell of a request, if somebody wants to know."""
        if self.server.log is not None:
            self.server.log(f"{self.client_address[0]} {self.requestline!r} {int(code)}")
