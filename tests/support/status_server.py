"""A server of `/status.json` for tests of those who ask: it tells of any state that a test wants.

The daemon's own server takes its place where a test is about the daemon: see support.daemon.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from support.states import GOOD

from standins.local_http import LocalServer, QuietHandler, running
from xelinkd.views.documents.status_json import render

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from xelinkd.state.told import State


class StatusServer(LocalServer):
    """Serves `state`, to those who give the `token` if there is one; both may be changed at any time."""

    def __init__(self, state: State, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        """Take a port of 127.0.0.1, a free one unless it is given; with a context, speak TLS."""
        super().__init__(_Handler, context, port)
        self.state = state
        self.token: str | None = None
        self.served = 0

    @property
    def listen(self) -> str:
        """Give what `status.listen` would be."""
        return self.address

    @property
    def url(self) -> str:
        """Give its address."""
        return f"{self.scheme}://{self.address}"


class _Handler(QuietHandler):
    server: StatusServer

    def respond(self) -> None:
        """Serve the status."""
        wanted = self.server.token and f"Bearer {self.server.token}"
        if self.path != "/status.json":
            self.answer(404, b"")
        elif wanted in (None, self.headers.get("Authorization")):
            self.answer(200, render(self.server.state))
        else:
            self.answer(401, b"")
        self.server.served += 1


@contextmanager
def serving_status(
    state: State = GOOD, context: ssl.SSLContext | None = None, port: int = 0
) -> Iterator[StatusServer]:
    """Serve a status inside a `with` block."""
    server = StatusServer(state, context, port)
    with running(server):
        yield server
