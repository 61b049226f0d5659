"""A source that serves what a test wants it to serve."""

from __future__ import annotations

import gzip
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parent.parent / "data"
RECORDED = DATA / "xpum-1.3"


def recorded(name: str) -> bytes:
    """Give a page that XPU Manager 1.3 produced: `max1550-8x2-mesh`."""
    return gzip.decompress((RECORDED / f"{name}.prom.gz").read_bytes())


class PageServer(ThreadingHTTPServer):
    """Serves `body` with `status`, whatever is asked for; both may be changed at any time."""

    daemon_threads = True

    def __init__(self, body: bytes) -> None:
        """Take a free port of 127.0.0.1."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body = body
        self.status = 200
        self.served = 0

    @property
    def url(self) -> str:
        """Give the page's address."""
        return f"http://127.0.0.1:{self.server_port}/metrics"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        """Serve the page."""
        body = self.server.body
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.served += 1

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving_page(body: bytes) -> Iterator[PageServer]:
    """Serve a page inside a `with` block."""
    server = PageServer(body)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
