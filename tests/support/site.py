"""Made-up states for the browser to look at: the status page's addresses, served by a small server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from standins.local_http import LocalServer, QuietHandler, running
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
    server = LocalServer(_handler(answers))
    with running(server):
        yield f"http://{server.address}"


def _handler(answers: Answers) -> type[QuietHandler]:
    class Handler(QuietHandler):
        def respond(self) -> None:
            """Give what is there."""
            given = answers.get(self.path, Answer("text/plain", NOTHING, b"not found"))
            self.answer(
                200 if self.path in answers else 404,
                given.body,
                Content_Type=given.content_type,
                Content_Security_Policy=given.policy,
                X_Content_Type_Options="nosniff",
            )

    return Handler
