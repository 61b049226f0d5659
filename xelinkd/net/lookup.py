"""Names looked up under a deadline: the C library's lookup may take minutes, and nothing cuts it short.

It waits 5 s for an answer, twice, from each server and for each search domain (resolv.conf(5), glibc 2.36).
"""

from __future__ import annotations

import socket
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from xelinkd.config.url import is_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xelinkd.net.deadline import Deadline

    Addresses = Sequence[tuple[Any, ...]]

MAX_HANGING: Final = 8  # lookups that nobody waits for any more; each has a thread

_same_addresses: Final = lru_cache(maxsize=8)(socket.getaddrinfo)


def look_up(host: str, port: int, deadline: Deadline) -> Addresses:
    """Give what socket.getaddrinfo gives, asked each time; an address stays what it is.

    A lookup that takes too long is left to itself: the next one may be answered at once.

    Raises:
        socket.gaierror: there is no such name; no answer by the deadline; MAX_HANGING lookups have none yet.
        TimeoutError: the deadline had passed before.
        OSError: no thread can be had.
        UnicodeError: no host can have such a name.

    """
    if is_address(host):
        return _same_addresses(host.encode("ascii"), port, type=socket.SOCK_STREAM)
    if sum(isinstance(thread, _Lookup) for thread in threading.enumerate()) >= MAX_HANGING:
        raise _hanging(f"{MAX_HANGING} lookups have no answer yet")
    lookup = _Lookup(host, port)
    try:
        lookup.start()
    except RuntimeError as error:  # the limit of tasks, or memory
        raise OSError(f"the host's name cannot be looked up: {error}") from error
    lookup.join(deadline.remaining())
    return lookup.outcome()


class _Lookup(threading.Thread):
    """One lookup, in a thread that keeps no process from ending."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(daemon=True)
        self._asked = host, port
        self._found: Addresses | None = None
        self._error: Exception | None = None

    def run(self) -> None:
        host, port = self._asked
        try:
            # Bytes: for a string, Python would load the codec "idna", which is large.
            self._found = socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)
        except Exception as error:  # noqa: BLE001  it is who asked that has to know
            self._error = error

    def outcome(self) -> Addresses:
        if self._error is not None:
            raise self._error
        if self._found is None:
            raise _hanging("the lookup has no answer yet")
        return self._found


def _hanging(why: str) -> socket.gaierror:
    return socket.gaierror(socket.EAI_AGAIN, f"{why}: is the resolver hanging?")
