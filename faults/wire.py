"""A source that answers byte by byte as it is told, over TCP or TLS; what it does may change at any time."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from xelinkd.simulator.page import render

if TYPE_CHECKING:
    import ssl

    from xelinkd.simulator.machine import Machine

_HOST: Final = "127.0.0.1"
_TLS_HANDSHAKE: Final = b"\x16"  # no request: the client wants TLS where there is none
_BACKLOG: Final = 64
_MORE_THAN_A_QUEUE: Final = 4  # Linux lets one wait where none may
_MANY: Final = 65536


@dataclass(frozen=True, slots=True)
class Exchange:
    """One connection of the daemon's, and the page that a healthy XPU Manager would send."""

    peer: socket.socket
    page: bytes
    number: int  # of the connection, from 0

    def request(self) -> bytes:
        """Read the request's head, or what there is before the client hangs up."""
        head = b""
        while not head.endswith(b"\r\n\r\n") and not head.startswith(_TLS_HANDSHAKE):
            part = self.peer.recv(_MANY)
            if not part:
                break
            head += part
        return head

    def send(self, data: bytes) -> None:
        """Send all of it; OSError when the client has hung up."""
        self.peer.sendall(data)

    def drip(self, data: bytes, pause: float) -> None:
        """Send it byte by byte, with a pause in seconds before each."""
        for byte in data:
            time.sleep(pause)
            self.send(bytes((byte,)))

    def linger(self) -> None:
        """Do nothing until the client hangs up."""
        while self.peer.recv(_MANY):
            pass


Script = Callable[[Exchange], None]
"""What a source does on a connection; when it returns, the connection is closed."""


def healthy(exchange: Exchange) -> None:
    """Answer as XPU Manager does when all is well."""
    exchange.request()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(exchange.page)}\r\n\r\n"
    exchange.send(head.encode() + exchange.page)


@dataclass(frozen=True, slots=True)
class Manners:
    """How a source serves a connection from its beginning to its end; with a context it speaks TLS."""

    page: bytes
    script: Script = healthy
    context: ssl.SSLContext | None = None


class Source:
    """An XPU Manager on 127.0.0.1; `fetches` has the time (time.monotonic) of each connection."""

    def __init__(self, machine: Machine) -> None:
        """Listen, and serve until `close`."""
        self.fetches: list[float] = []
        self.beside: list[Callable[[Machine], None]] = []  # who else shows the same machine
        self._render: Callable[[Machine], bytes] = render
        self._manners = Manners(render(machine))
        self._open: set[socket.socket] = set()
        # Bound, and never listens: nobody else gets the port while it is refused.
        self._address = socket.socket()
        self._address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._address.bind((_HOST, 0))
        self.port: int = self._address.getsockname()[1]
        self._listen()

    def url(self, scheme: str = "http", host: str = _HOST, path: str = "/metrics") -> str:
        """Give the address of the page, or of something else."""
        return f"{scheme}://{host}:{self.port}{path}"

    def show(self, machine: Machine) -> None:
        """Serve the page of another machine, to connections from now on; have others show it, too."""
        self._manners = replace(self._manners, page=self._render(machine))
        for show in self.beside:
            show(machine)

    def tell_as(self, form: Callable[[Machine], bytes], machine: Machine) -> None:
        """Serve another form than the page, of this machine and those that come after it."""
        self._render = form
        self.show(machine)

    def speak_tls(self, context: ssl.SSLContext | None) -> None:
        """Speak TLS (None: do not), on connections from now on."""
        self._manners = replace(self._manners, context=context)

    @contextlib.contextmanager
    def playing(self, script: Script) -> Iterator[None]:
        """Do as the script says while the block lasts; connections that began in it go on as they began."""
        self._manners = replace(self._manners, script=script)
        try:
            yield
        finally:
            self._manners = replace(self._manners, script=healthy)

    @contextlib.contextmanager
    def speaking(self, context: ssl.SSLContext | None) -> Iterator[None]:
        """Speak TLS in another way (None: not at all) while the block lasts."""
        before = self._manners.context
        self.speak_tls(context)
        try:
            yield
        finally:
            self.speak_tls(before)

    @contextlib.contextmanager
    def stalling(self) -> Iterator[None]:
        """Accept nobody while the block lasts, so that connecting hangs: the queue is full."""
        self._stop_listening()
        try:
            with _listener(self.port, backlog=0), contextlib.ExitStack() as queue:
                for _ in range(_MORE_THAN_A_QUEUE):
                    client = queue.enter_context(socket.socket())
                    client.settimeout(0)
                    client.connect_ex((_HOST, self.port))
                yield
        finally:
            self._listen()

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse connections while the block lasts; the port stays ours."""
        self._stop_listening()
        try:
            yield
        finally:
            self._listen()

    def close(self) -> None:
        """Give the port up, and hang up on everybody."""
        self._stop_listening()
        self._address.close()
        for peer in tuple(self._open):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(peer, socket.SHUT_RDWR)

    def _listen(self) -> None:
        self._listener = _listener(self.port, _BACKLOG)
        self._thread = threading.Thread(target=self._accept_all, daemon=True)
        self._thread.start()

    def _stop_listening(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _accept_all(self) -> None:
        with contextlib.suppress(OSError):  # it is told to stop listening
            while True:
                peer, _ = self._listener.accept()
                work = (peer, self._manners, len(self.fetches))
                self.fetches.append(time.monotonic())
                threading.Thread(target=self._serve, args=work, daemon=True).start()

    def _serve(self, plain: socket.socket, manners: Manners, number: int) -> None:
        context = manners.context
        with plain, contextlib.suppress(OSError):  # the client hung up, or would not have our certificate
            peer = context.wrap_socket(plain, server_side=True) if context else plain
            self._open.add(peer)
            try:
                manners.script(Exchange(peer, manners.page, number))
            finally:
                self._open.discard(peer)
                peer.close()


def _listener(port: int, backlog: int) -> socket.socket:
    return socket.create_server((_HOST, port), backlog=backlog)
