"""What a source can do on a connection, step by step."""

from __future__ import annotations

import socket
import struct
from itertools import repeat
from typing import TYPE_CHECKING, Final

from faults.answers import response, until_closed
from faults.wire import healthy

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.wire import Exchange, Script

_PAUSE: Final = 0.05  # seconds; a client that waits for single bytes sees nothing wrong
_BLOCK: Final = 65536


def answering(make: Callable[[bytes, int], bytes]) -> Script:
    """Answer each request with what is made of the healthy page and the number of the connection."""

    def script(exchange: Exchange) -> None:
        exchange.request()
        exchange.send(make(exchange.page, exchange.number))

    return script


def sending(data: bytes) -> Script:
    """Answer each request with the same."""
    return answering(lambda _page, _number: data)


def endless(start: bytes, again: bytes) -> Script:
    """Answer each request with a start, and then with the same again and again, as fast as it is read."""
    block = again * (_BLOCK // len(again) + 1)

    def script(exchange: Exchange) -> None:
        exchange.request()
        exchange.send(start)
        for same in repeat(block):
            exchange.send(same)

    return script


def hang_up(_exchange: Exchange) -> None:
    """Close the connection at once."""


def say_nothing(exchange: Exchange) -> None:
    """Take the request, and never answer."""
    exchange.request()
    exchange.linger()


def stop_after_headers(exchange: Exchange) -> None:
    """Promise a page, and send nothing of it."""
    exchange.request()
    exchange.send(response(exchange.page).partition(exchange.page)[0])
    exchange.linger()


def never_end(exchange: Exchange) -> None:
    """Send the whole page, and leave open whether more will come."""
    exchange.request()
    exchange.send(until_closed(exchange.page))
    exchange.linger()


def drip_headers(exchange: Exchange) -> None:
    """Send the headers byte by byte."""
    exchange.request()
    exchange.drip(until_closed(exchange.page, f"X-Slow: {'slow ' * 1000}"), _PAUSE)


def drip_body(exchange: Exchange) -> None:
    """Send the headers, and the page byte by byte."""
    exchange.request()
    exchange.send(response(exchange.page).partition(exchange.page)[0])
    exchange.drip(exchange.page, _PAUSE)


def reset(exchange: Exchange) -> None:
    """Send half a page, and reset the connection."""
    exchange.request()
    exchange.send(response(exchange.page)[: len(exchange.page) // 2])
    exchange.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def redirect(exchange: Exchange) -> None:
    """Point elsewhere; there, the page is in its best health."""
    if b"/elsewhere" in exchange.request():
        exchange.send(response(exchange.page))
    else:
        exchange.send(response(b"", "Location: /elsewhere", status="302 Found"))


def fail_every_second(exchange: Exchange) -> None:
    """Do well half of the time."""
    if exchange.number % 2:
        healthy(exchange)
    else:
        sending(response(b"#nodata: due to unexpected failure", status="500 no"))(exchange)
