"""Talks with all clients at once, so that none of them can keep the others from being answered."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.serving.request import MAX_HEAD_SIZE, RefusedError, head_size, read_head
from xelinkd.serving.response import render_head, sentence

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from xelinkd.serving.answering import Answers
    from xelinkd.serving.response import Response
    from xelinkd.serving.wire import Wire

_SMALL: Final = 16 << 10  # bytes; nobody who is given no more, a probe for one, has to go for that


class Bounds(Struct, frozen=True):
    """What clients may take: each of them, and all together. Times are in seconds.

    `unsent`: bytes of responses that clients have not taken yet, all together. `requests`: of one connection.
    `head`: for a whole head from its first byte, or for the handshake of TLS. `idle`: between two requests.
    `response`: to take a whole response. `lingering`: to take the last of it.
    """

    clients: int = 256
    unsent: int = 16 << 20
    requests: int = 100
    head: float = 5.0
    idle: float = 60.0  # Prometheus asks more often
    response: float = 10.0
    lingering: float = 1.0


BOUNDS: Final = Bounds()


class Reception:
    """Answers clients, within bounds."""

    def __init__(
        self,
        answers: Answers,
        wire_to: Callable[[socket.socket], Wire],
        bounds: Bounds,
        tasks: asyncio.TaskGroup,
    ) -> None:
        """Talk to nobody yet; each conversation, over the wire to a client, is to be one of the tasks."""
        self._answers = answers
        self._wire_to = wire_to
        self._bounds = bounds
        self._tasks = tasks
        self._clients: set[Wire] = set()
        self._page_was_made = False  # in this turn of the loop

    def welcome(self, sock: socket.socket) -> None:
        """Talk with one more client; where there are too many, the one who keeps us waiting longest goes."""
        while len(self._clients) >= self._bounds.clients:
            self.dismiss_one()
        wire = self._wire_to(sock)
        self._clients.add(wire)
        self._tasks.create_task(self._converse(wire)).add_done_callback(lambda _: self._forget(wire))

    def dismiss_one(self) -> bool:
        """Hang up on the client who keeps us waiting longest; False if there is none."""
        if not self._clients:
            return False
        self._dismiss(min(self._clients, key=_waited_for_since))
        return True

    def _dismiss(self, wire: Wire) -> None:
        self._clients.remove(wire)
        wire.break_off()

    def _forget(self, wire: Wire) -> None:
        self._clients.discard(wire)
        wire.close()

    async def _converse(self, wire: Wire) -> None:
        with contextlib.suppress(OSError):  # the client is gone or too slow, or speaks no TLS
            async with asyncio.timeout(self._bounds.head):
                await wire.greet()
            await self._answer_all(wire)
            async with asyncio.timeout(self._bounds.lingering):
                await wire.hang_up()

    async def _answer_all(self, wire: Wire) -> None:
        """Answer one request after the other, until one side has had enough."""
        received = bytearray()
        try:
            for turn in range(1, self._bounds.requests + 1):
                head = await self._receive_head(wire, received, is_first=turn == 1)
                if not head or not await self._answer(wire, head, is_last=turn == self._bounds.requests):
                    return
        except RefusedError as refused:
            await self._send(wire, sentence(refused.status, str(refused)), closes=True)

    async def _receive_head(self, wire: Wire, received: bytearray, *, is_first: bool) -> bytes:
        """Take the head of the next request off what was received; nothing if the client sends no more.

        Raises:
            RefusedError: it is too large.
            TimeoutError: the client takes too long.
            OSError: the connection is broken.

        """
        is_idle = not (is_first or received)
        async with asyncio.timeout(self._bounds.idle if is_idle else self._bounds.head) as deadline:
            while not (size := head_size(received)):
                part = await wire.receive(MAX_HEAD_SIZE - len(received))
                if not part:
                    return b""
                if is_idle:
                    deadline.reschedule(asyncio.get_running_loop().time() + self._bounds.head)
                    is_idle = False
                received += part
        head = bytes(received[:size])
        del received[:size]
        return head

    async def _answer(self, wire: Wire, head: bytes, *, is_last: bool) -> bool:
        """Answer one request; tell whether there may be another one."""
        asked = read_head(head)
        wire.moved()
        closes = is_last or asked.has_body or not asked.keeps_alive
        if not self._answers.is_open(asked):
            await self._turn(wire)
        response = self._answers.to(asked, has_certificate=wire.has_certificate)
        await self._send(wire, response, closes=closes, with_body=not asked.request.is_head)
        return not closes

    async def _turn(self, wire: Wire) -> None:
        """Wait for a turn of the loop in which no page is made yet: a probe must not wait for hundreds.

        Raises:
            OSError: the connection was broken off.

        """
        while self._page_was_made:  # noqa: ASYNC110  no polling: the next turn comes at once
            await asyncio.sleep(0)
        wire.check()
        self._page_was_made = True
        asyncio.get_running_loop().call_soon(self._may_make_page)

    def _may_make_page(self) -> None:
        self._page_was_made = False

    async def _send(self, wire: Wire, response: Response, *, closes: bool, with_body: bool = True) -> None:
        head, body = render_head(response, time.time(), closes=closes), response.body if with_body else b""
        self._make_room(len(body))
        async with asyncio.timeout(self._bounds.response):
            await wire.send(head, body)

    def _make_room(self, size: int) -> None:
        """Hang up on clients who do not take their responses, so that one more can be held."""
        held = size + sum(wire.unsent for wire in self._clients)
        large = (wire for wire in self._clients if wire.unsent > _SMALL)
        for wire in sorted(large, key=_waited_for_since):
            if held > self._bounds.unsent:
                held -= wire.unsent
                self._dismiss(wire)


def _waited_for_since(wire: Wire) -> float:
    return wire.moved_at
