"""Made-up states for the browser to look at: the status page's addresses, served by a small server."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

from xelinkd.views.documents import topology_json
from xelinkd.views.drawing import topology_svg
from xelinkd.views.page import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.state.told import State


class Answer(NamedTuple):
    """What an address gives."""

    content_type: str
    policy: str
    body: bytes


Answers = dict[str, Answer]

NOTHING = "default-src 'none'"


def answers_of(state: State) -> Answers:
    """Give all that can be asked for, made from one state."""
    return {
        "/": Answer(page.CONTENT_TYPE, page.CONTENT_SECURITY_POLICY, page.document(state)),
        "/topology.svg": Answer(
            topology_svg.CONTENT_TYPE, topology_svg.CONTENT_SECURITY_POLICY, topology_svg.document(state)
        ),
        "/topology.json": Answer(topology_json.CONTENT_TYPE, NOTHING, topology_json.document(state)),
    }


@contextmanager
def serving(answers: Answers) -> Iterator[str]:
    """Serve inside a `with` block, and give the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answers))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(answers: Answers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Give what is there."""
            answer = answers.get(self.path, Answer("text/plain", NOTHING, b"not found"))
            self.send_response(200 if self.path in answers else 404)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Security-Policy", answer.policy)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
