"""A client's connection, whose operations are awaited; whoever awaits one sets the deadline."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Wait = Callable[[], Awaitable[None]]

Outcome = TypeVar("Outcome")

_PIECE_SIZE: Final = 16_384  # bytes; the largest record of TLS


class Wire:
    """A connection that does not block.

    `unsent` is how many bytes wait for the client to take them; `moved_at` (seconds of the loop's clock) when
    the client last did what we wait for: it came, asked, or took some bytes.
    """

    def __init__(self, sock: socket.socket) -> None:
        """Take over a socket; `close` is for its owner to call."""
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._is_broken_off = False
        self._ready = asyncio.Event()
        self.unsent = 0
        self.moved()

    @property
    def has_certificate(self) -> bool:
        """Whether the client showed a certificate, which was found good."""
        return False

    def moved(self) -> None:
        """Take note that the client has just done what we waited for."""
        self.moved_at = self._loop.time()

    async def greet(self) -> None:
        """Agree with the client on how to talk, if that takes anything.

        Raises:
            OSError: the client does not, or not as it should.

        """

    async def receive(self, size: int) -> bytes:
        """Give up to `size` bytes, as soon as there are some; none if the client will send no more.

        Raises:
            OSError: the connection is broken.

        """
        return await self._attempt(lambda: self._sock.recv(size), self._readable)

    async def send(self, *parts: bytes) -> None:
        """Send all of it.

        Raises:
            OSError: the connection is broken.

        """
        self.unsent = sum(map(len, parts))
        for part in parts:
            rest = memoryview(part)
            while rest:
                sent = await self._attempt(partial(self._sock.send, rest[:_PIECE_SIZE]), self._writable)
                self.moved()
                self.unsent -= sent
                rest = rest[sent:]

    async def hang_up(self) -> None:
        """Send no more, and wait until the client has taken what was sent, and gone.

        A connection that is closed while there are bytes to be read loses what was sent last.

        Raises:
            OSError: the connection is broken.

        """
        self._sock.shutdown(socket.SHUT_WR)
        while await self.receive(_PIECE_SIZE):
            pass

    def break_off(self) -> None:
        """Make fail what is awaited, and whatever comes after it.

        Not by cancelling the task: Python keeps a cancelled one, with all that it had received, for long.
        """
        self._is_broken_off = True
        self._ready.set()

    def check(self) -> None:
        """Fail if it was broken off.

        Raises:
            OSError: it was.

        """
        if self._is_broken_off:
            raise ConnectionAbortedError

    def close(self) -> None:
        """Give up the connection, at once."""
        self._sock.close()

    async def _attempt(self, operation: Callable[[], Outcome], possible: Wait) -> Outcome:
        """Do something as soon as it is possible."""
        await asyncio.sleep(0)  # a client who never lets us wait would keep all others waiting
        while not self._is_broken_off:
            try:
                return operation()
            except OSError as error:
                wait = self._wait_after(error, possible)
                if wait is None:
                    raise
            await wait()
        raise ConnectionAbortedError

    def _wait_after(self, error: OSError, possible: Wait) -> Wait | None:
        """Tell what to wait for after an error, if that mends it."""
        return possible if isinstance(error, BlockingIOError) else None

    async def _readable(self) -> None:
        await self._possible(self._loop.add_reader, self._loop.remove_reader)

    async def _writable(self) -> None:
        await self._possible(self._loop.add_writer, self._loop.remove_writer)

    async def _possible(self, add: Callable[..., object], remove: Callable[[socket.socket], object]) -> None:
        self._ready.clear()
        add(self._sock, self._ready.set)
        try:
            await self._ready.wait()
        finally:
            remove(self._sock)
