"""Who is answered first where many ask at once."""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING

from xelinkd.serving.access import Access
from xelinkd.serving.answering import Answers, Route
from xelinkd.serving.reception import BOUNDS, Reception
from xelinkd.serving.response import Response, sentence
from xelinkd.serving.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xelinkd.serving.request import Request

PAGES = 50
ANYBODY = Access(token=None, context=None, takes_certificates=False, by_address=True)


async def order_of(paths: Sequence[str]) -> list[str]:
    """Let a client ask for each path, all in the same moment; give the order in which they are answered."""
    answered: list[str] = []

    def answer(request: Request) -> Response:
        answered.append(request.path)
        return sentence(HTTPStatus.OK, "ok")

    routes = {"/": Route(answer), "/livez": Route(answer, is_open=True)}
    pairs = [socket.socketpair() for _ in paths]
    async with asyncio.TaskGroup() as tasks:
        reception = Reception(Answers(routes, ANYBODY), Wire, BOUNDS, tasks)
        for path, (ours, theirs) in zip(paths, pairs, strict=True):
            theirs.settimeout(0)
            ours.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            ours.shutdown(socket.SHUT_WR)
            reception.welcome(theirs)
    for ours, _ in pairs:
        ours.close()
    return answered


def test_probe_does_not_wait_for_the_pages_of_others() -> None:
    """A probe that comes last is answered before nearly all of the pages that were asked for before it."""
    answered = asyncio.run(order_of(["/"] * PAGES + ["/livez"]))
    assert answered.count("/") == PAGES
    assert answered.index("/livez") < PAGES / 5
