"""Small HTTP servers, in a thread of their own."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Iterator


class LocalServer(ThreadingHTTPServer):
    """A server at 127.0.0.1."""

    daemon_threads = True

    def __init__(
        self, handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None, port: int = 0
    ) -> None:
        """Take a port, a free one unless it is given; with a context, speak TLS."""
        super().__init__(("127.0.0.1", port), handler)
        self.context = context
        self.scheme = "https" if context else "http"

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection; what its certificate is depends on the moment."""
        peer, address = super().get_request()
        if self.context is None:
            return peer, address
        return self.context.wrap_socket(peer, server_side=True, do_handshake_on_connect=False), address

    @property
    def address(self) -> str:
        """Give its host and port."""
        return f"127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hang up."""


class QuietHandler(BaseHTTPRequestHandler):
    """Answers without a log."""

    def do_GET(self) -> None:
        """Answer whatever is asked for."""
        self.respond()

    def respond(self) -> None:
        """Answer one request."""
        raise NotImplementedError

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        """Send a whole response; `Content_Type` stands for the header Content-Type."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[None]:
    """Let a server serve inside a `with` block."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
