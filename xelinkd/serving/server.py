"""Serves the status: listens as soon as it can, and answers until it shall end."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING, Final

from xelinkd import logs
from xelinkd.config.rules import address_and_port
from xelinkd.model.episodes import follow
from xelinkd.serving.access import Access, AccessError, load_access
from xelinkd.serving.answering import Answers
from xelinkd.serving.reception import BOUNDS, Bounds, Reception
from xelinkd.serving.wire import Wire
from xelinkd.telling import tell

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine, Mapping

    from xelinkd.config.schema import Status
    from xelinkd.serving.answering import Route

RETRY: Final = 1.0  # seconds
_BACKLOG: Final = 1024  # clients that come in one moment
# Bytes that the kernel holds for each client, instead of megabytes where a client is slow. It doubles them.
_SEND_BUFFER: Final = 64 << 10
_RECEIVE_BUFFER: Final = 16 << 10

log = logs.logger()


def serve(
    status: Status,
    routes: Mapping[str, Route],
    until: Callable[[], Coroutine[object, object, None]],
    bounds: Bounds = BOUNDS,
) -> None:
    """Answer at `status.listen` by the routes (path to route), until what `until` gives is over.

    For a process of its own, with one thread. It waits for what is not there yet: a port that is taken, an
    address, a certificate; nothing is served without them. What `until` raises ends it, too.
    """
    asyncio.run(_serve(status, routes, until, bounds))


async def _serve(
    status: Status,
    routes: Mapping[str, Route],
    until: Callable[[], Coroutine[object, object, None]],
    bounds: Bounds,
) -> None:
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(_listen_and_answer(status, routes, bounds))
        await until()
        serving.cancel()


async def _listen_and_answer(status: Status, routes: Mapping[str, Route], bounds: Bounds) -> None:
    access, listener = await _opened(status)
    with listener:
        async with asyncio.TaskGroup() as tasks:
            reception = Reception(Answers(routes, access), _wires(access.context), bounds, tasks)
            while True:
                await _let_in(listener, reception)


def _wires(context: ssl.SSLContext | None) -> Callable[[socket.socket], Wire]:
    """Give what makes a client's connection: plain, or over TLS where there is a context for it."""
    if context is None:
        return Wire
    from xelinkd.serving.secure_wire import SecureWire  # noqa: PLC0415  it takes OpenSSL

    return partial(SecureWire, context=context)


async def _let_in(listener: socket.socket, reception: Reception) -> None:
    """Accept one client, and then turn to the others: they have a moment each before there are too many."""
    try:
        client, _ = await asyncio.get_running_loop().sock_accept(listener)
    except OSError:  # no descriptor is left
        await asyncio.sleep(0 if reception.dismiss_one() else RETRY)
    else:
        reception.welcome(client)
        await asyncio.sleep(0)


async def _opened(status: Status) -> tuple[Access, socket.socket]:
    """Have what it takes to serve, and listen; wait for what is missing."""
    episode = None
    while True:
        now = asyncio.get_running_loop().time()
        try:
            access, listener = _access(status), _listening(status.listen)
        except (AccessError, OSError) as error:
            episode, news = follow(episode, str(error), now)
            tell(log, news, fault="status_not_listening", over="status_listening", error=str(error))
            await asyncio.sleep(RETRY)
        else:
            _, news = follow(episode, None, now)
            tell(log, news, fault="status_not_listening", over="status_listening")
            if news is None:
                log.info("status_listening", address=status.listen)
            return access, listener


def _access(status: Status) -> Access:
    """Have what guards the status; without a token that can be read only the probes are answered."""
    access = load_access(status)
    if access.problem:
        log.warning("status_token_unreadable", error=access.problem)
    return access


def _listening(listen: str) -> socket.socket:
    """Give a socket that listens, and does not block; clients' inherit its options.

    `[::]` is all addresses, of IPv4 too, as long as the kernel's `bindv6only` is 0.

    Raises:
        OSError: the port is taken, or there is no such address (yet); it tells which.

    """
    address, port = address_and_port(listen)
    listener = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)  # noqa: PLR2004
    try:
        listener.settimeout(0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        listener.bind((str(address), port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(f"{listen}: {error.strerror}") from error
    return listener
