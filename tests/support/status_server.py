"""A server of `/status.json` for tests of those who ask: it tells of any state that a test wants.

The daemon's own server takes its place where a test is about the daemon: see support.daemon.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from support.states import GOOD

from xelinkd.views.documents.status_json import render

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from xelinkd.state.told import State


class StatusServer(ThreadingHTTPServer):
    """Serves `state`, to those who give the `token` if there is one; both may be changed at any time."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, state: State, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        """Take a port of 127.0.0.1, a free one unless it is given; with a context, speak TLS."""
        super().__init__(("127.0.0.1", port), _Handler)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.scheme = "https" if context else "http"
        self.state = state
        self.token: str | None = None
        self.served = 0

    @property
    def listen(self) -> str:
        """Give what `status.listen` would be."""
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        """Give its address."""
        return f"{self.scheme}://{self.listen}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    server: StatusServer

    def do_GET(self) -> None:
        """Serve the status."""
        wanted = self.server.token and f"Bearer {self.server.token}"
        if self.path != "/status.json":
            self._answer(404, b"")
        elif wanted in (None, self.headers.get("Authorization")):
            self._answer(200, render(self.server.state))
        else:
            self._answer(401, b"")
        self.server.served += 1

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving_status(
    state: State = GOOD, context: ssl.SSLContext | None = None, port: int = 0
) -> Iterator[StatusServer]:
    """Serve a status inside a `with` block."""
    server = StatusServer(state, context, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
