"""From the head of a request to a response: who is let in, and to what."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd import logs
from xelinkd.model.episodes import follow
from xelinkd.serving.response import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xelinkd.model.episodes import Episode
    from xelinkd.serving.access import Access
    from xelinkd.serving.request import Head, Request
    from xelinkd.serving.response import Response

METHODS: Final = ("GET", "HEAD")

log = logs.logger()


class Route(Struct, frozen=True):
    """What answers at a path, soon: nobody else is answered meanwhile. `is_open`: to whoever asks."""

    answer: Callable[[Request], Response]
    is_open: bool = False


class Answers:
    """What is answered to whom."""

    def __init__(self, routes: Mapping[str, Route], access: Access) -> None:
        """Answer by these routes (path to route)."""
        self._routes = routes
        self._access = access
        self._fault: Episode | None = None

    def is_open(self, head: Head) -> bool:
        """Tell whether what is asked for is answered to whoever asks."""
        route = self._routes.get(head.request.path)
        return route is not None and route.is_open

    def to(self, head: Head, *, has_certificate: bool) -> Response:
        """Answer a request, or say in a sentence why not."""
        if refusal := _refusal(head, self._access):
            return refusal
        route = self._routes.get(head.request.path)
        if route is not None and route.is_open:
            return self._answer(route, head.request)
        if not self._access.admits(head.authorization, has_certificate=has_certificate):
            return _unauthorized(self._access)
        if route is None:
            return sentence(HTTPStatus.NOT_FOUND, "there is nothing at this path")
        return self._answer(route, head.request)

    def _answer(self, route: Route, request: Request) -> Response:
        try:
            return route.answer(request)
        except Exception:  # a page that cannot be made must not take the probes with it
            self._fault, news = follow(self._fault, request.path, time.monotonic())
            if news:
                log.exception("status_not_answered", path=request.path)
            return sentence(HTTPStatus.INTERNAL_SERVER_ERROR, "this is a fault in xelinkd; its log has more")


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
    if access.problem:
        return sentence(HTTPStatus.FORBIDDEN, "the token to ask for cannot be read; see the log of xelinkd")
    if access.token is None:
        return sentence(HTTPStatus.FORBIDDEN, "this takes a client certificate")
    challenge = {"WWW-Authenticate": 'Bearer realm="xelinkd"'}
    return sentence(HTTPStatus.UNAUTHORIZED, "this takes a bearer token", challenge)
