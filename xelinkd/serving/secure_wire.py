"""A client's connection over TLS. Its module is loaded where there is a certificate: it takes OpenSSL."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

from xelinkd.serving.wire import Wire

if TYPE_CHECKING:
    import socket

    from xelinkd.serving.wire import Wait


class SecureWire(Wire):
    """A connection that does not block, and speaks TLS once the client was greeted."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        """Take over a socket; `close` is for its owner to call."""
        super().__init__(sock)
        self._context = context
        self._secure: ssl.SSLSocket

    @property
    def has_certificate(self) -> bool:
        """Whether the client showed a certificate, which was found good."""
        return bool(self._secure.getpeercert())

    async def greet(self) -> None:
        """Shake hands.

        Raises:
            OSError: the client does not, or not as it should.

        """
        secure = self._context.wrap_socket(self._sock, server_side=True, do_handshake_on_connect=False)
        self._sock = self._secure = secure
        await self._attempt(secure.do_handshake, self._readable)

    async def hang_up(self) -> None:
        """Say the end in TLS, whose answer is not waited for, and hang up.

        Raises:
            OSError: the connection is broken.

        """
        with contextlib.suppress(OSError):
            self._secure.unwrap()
        await super().hang_up()

    def _wait_after(self, error: OSError, possible: Wait) -> Wait | None:
        """Tell what to wait for: TLS may have to read in order to write, and the reverse."""
        if isinstance(error, ssl.SSLWantReadError):
            return self._readable
        if isinstance(error, ssl.SSLWantWriteError):
            return self._writable
        return super()._wait_after(error, possible)
