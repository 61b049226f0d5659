"""From the head of a request to a response: who is let in, and to what."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from xelinkd import logs
from xelinkd.serving.response import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xelinkd.serving.access import Access
    from xelinkd.serving.request import Head, Request
    from xelinkd.serving.response import Response

METHODS: Final = ("GET", "HEAD")

log = logs.logger()


@dataclass(frozen=True, slots=True)
class Route:
    """What answers at a path, soon: nobody else is answered meanwhile. `is_open`: to whoever asks."""

    answer: Callable[[Request], Response]
    is_open: bool = False


def respond(head: Head, routes: Mapping[str, Route], access: Access, *, has_certificate: bool) -> Response:
    """Answer, or say in a sentence why not."""
    if refusal := _refusal(head, access):
        return refusal
    route = routes.get(head.request.path)
    if route is not None and route.is_open:
        return _answer(route, head.request)
    if not access.admits(head.authorization, has_certificate=has_certificate):
        return _unauthorized(access)
    if route is None:
        return sentence(HTTPStatus.NOT_FOUND, "there is nothing at this path")
    return _answer(route, head.request)


def _refusal(head: Head, access: Access) -> Response | None:
    """Refuse what nobody is answered, whoever asks and for what."""
    if head.method not in METHODS:
        methods = ", ".join(METHODS)
        return sentence(HTTPStatus.METHOD_NOT_ALLOWED, f"methods are {methods}", {"Allow": methods})
    if head.has_body:
        return sentence(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a request has no body here")
    if not access.goes_by(head.host):
        return sentence(HTTPStatus.MISDIRECTED_REQUEST, "ask by an address, or for localhost")
    return None


def _unauthorized(access: Access) -> Response:
    if access.token is None:
        return sentence(HTTPStatus.FORBIDDEN, "this takes a client certificate")
    challenge = {"WWW-Authenticate": 'Bearer realm="xelinkd"'}
    return sentence(HTTPStatus.UNAUTHORIZED, "this takes a bearer token", challenge)


def _answer(route: Route, request: Request) -> Response:
    try:
        return route.answer(request)
    except Exception:  # a page that cannot be made must not take the probes with it
        log.exception("status_not_answered", path=request.path)
        return sentence(HTTPStatus.INTERNAL_SERVER_ERROR, "this is a fault in xelinkd; its log has more")
