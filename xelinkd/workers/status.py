"""The status process: answers probes, and shows people and programs how the daemon is."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from xelinkd.serving.answering import Route
from xelinkd.serving.procfs import figures_of
from xelinkd.serving.response import TEXT, Response, sentence
from xelinkd.serving.server import serve
from xelinkd.state.checks import live, passed, ready
from xelinkd.views.documents import status_json, topology_json
from xelinkd.views.drawing import topology_svg
from xelinkd.views.metrics import metrics
from xelinkd.views.page import page
from xelinkd.views.probes import answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from xelinkd.config.schema import Status
    from xelinkd.serving.request import Request
    from xelinkd.state.checks import Check
    from xelinkd.state.told import State
    from xelinkd.workers.boards import Boards
    from xelinkd.workers.lifeline import Lifeline


def serve_status(config: Status, lifeline: Lifeline, boards: Boards) -> None:
    """Run the status process; it ends when the supervisor closes the control pipe."""
    serve(config, routes(boards.look), lifeline.until_released)


def routes(look: Callable[[], State | None]) -> dict[str, Route]:
    """Give what is answered at which path; `look` gives the state, once the supervisor has told of it."""

    def shown(view: Callable[[State], Response]) -> Route:
        return Route(lambda _: _answer(look(), view))

    def probe(name: str, checks: Callable[[State], tuple[Check, ...]]) -> Route:
        return Route(
            lambda request: _answer(look(), lambda state: _probe(name, checks(state), request)), is_open=True
        )

    return {
        "/livez": probe("livez", live),
        "/readyz": probe("readyz", ready),
        "/metrics": shown(_metrics),
        "/": shown(_page),
        "/topology.svg": shown(_topology_svg),
        "/topology.json": shown(lambda state: _ok(topology_json.CONTENT_TYPE, topology_json.document(state))),
        "/status.json": shown(lambda state: _ok(status_json.CONTENT_TYPE, status_json.render(state))),
    }


def _answer(state: State | None, view: Callable[[State], Response]) -> Response:
    if state is None:
        return sentence(HTTPStatus.SERVICE_UNAVAILABLE, "xelinkd is starting")
    return view(state)


def _probe(name: str, checks: tuple[Check, ...], request: Request) -> Response:
    status = HTTPStatus.OK if passed(checks) else HTTPStatus.SERVICE_UNAVAILABLE
    return Response(status, TEXT, answer(name, checks, verbose="verbose" in request.query).encode())


def _metrics(state: State) -> Response:
    return _ok(metrics.CONTENT_TYPE, metrics.render(state, figures_of(state.supervision.processes)))


def _page(state: State) -> Response:
    headers = {"Content-Security-Policy": page.CONTENT_SECURITY_POLICY}
    return Response(HTTPStatus.OK, page.CONTENT_TYPE, page.document(state), headers)


def _topology_svg(state: State) -> Response:
    headers = {"Content-Security-Policy": topology_svg.CONTENT_SECURITY_POLICY}
    return Response(HTTPStatus.OK, topology_svg.CONTENT_TYPE, topology_svg.document(state), headers)


def _ok(content_type: str, body: bytes) -> Response:
    return Response(HTTPStatus.OK, content_type, body)
