"""A source that serves what a test wants it to serve."""

from __future__ import annotations

import base64
import gzip
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from support.daemon import PATIENCE

from standins.local_http import LocalServer, QuietHandler, running
from xelinkd.model.exposition import family_lines, read_rows
from xelinkd.sources.place import fetch

if TYPE_CHECKING:
    import ssl
    import threading
    from collections.abc import Callable, Iterator

    from xelinkd.model.topology import Row
    from xelinkd.sources.place import Place

DATA = Path(__file__).parent.parent / "data"
RECORDED = DATA / "xpum-1.3"


def recorded(name: str) -> bytes:
    """Give a page that XPU Manager 1.3 produced: `max1550-8x2-mesh`."""
    return gzip.decompress((RECORDED / f"{name}.prom.gz").read_bytes())


def fetched(source: Place, clock: Callable[[], float] = time.monotonic) -> bytes:
    """Fetch once, and give the page as a whole."""
    return b"".join(fetch(source, clock))


def rows_of(page: bytes) -> tuple[Row, ...]:
    """Give the rows of a page, whatever else it has; lines are counted among those of the family."""
    return read_rows(b"\n".join(page[start:end] for start, end in family_lines(page)))


class PageServer(LocalServer):
    """Serves `body` with `status`, whatever is asked for; both may be changed at any time.

    With a `login` ("user:password") it serves those who give it, and the others as XPU Manager does: status
    401, after a while if it is a `tarpit`.
    """

    def __init__(self, body: bytes, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        """Take a port of 127.0.0.1, a free one unless it is given; with a context, speak TLS."""
        super().__init__(_Handler, context, port)
        self.body = body
        self.status = 200
        self.served = 0
        self.login: str | None = None
        self.tarpit: threading.Event | None = None
        self.refused = 0

    @property
    def url(self) -> str:
        """Give the page's address."""
        return f"{self.scheme}://{self.address}/metrics"

    def knows(self, authorization: str) -> bool:
        """Tell whether a header `Authorization` opens the door; count it if not."""
        expected = self.login and "Basic " + base64.b64encode(self.login.encode()).decode()
        if expected in (None, authorization):
            return True
        self.refused += 1
        if self.tarpit:
            self.tarpit.wait(PATIENCE)
        return False


class _Handler(QuietHandler):
    server: PageServer

    def respond(self) -> None:
        """Serve the page."""
        body = self.server.body
        known = self.server.knows(self.headers.get("Authorization", ""))
        self.answer(self.server.status if known else 401, body)
        self.server.served += 1


@contextmanager
def serving_page(body: bytes, context: ssl.SSLContext | None = None, port: int = 0) -> Iterator[PageServer]:
    """Serve a page inside a `with` block."""
    server = PageServer(body, context, port)
    with running(server):
        try:
            yield server
        finally:
            if server.tarpit:
                server.tarpit.set()
