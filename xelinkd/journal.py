"""systemd's journal by its native protocol: an event is a datagram of fields that people can filter by.

As of systemd 257 ("Native Journal Protocol" in its documentation); 252 speaks the same.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SOCKET: Final = "/run/systemd/journal/socket"
IDENTIFIER: Final = "xelinkd"
PREFIX: Final = "XELINKD_"
MAX_ITEMS: Final = 100

_PRIORITIES: Final = {"debug": "7", "info": "6", "warning": "4", "error": "3"}  # as of syslog(3)
_OF_THE_JOURNAL: Final = frozenset({"time", "level"})  # it has its own of each
_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
_TOO_LARGE: Final = frozenset({errno.EMSGSIZE, errno.ENOBUFS})
_PATIENCE: Final = struct.pack("ll", 0, 100_000)  # 0.1 s: who never reads must not stop the labels


def is_behind(descriptor: int) -> bool:
    """Tell whether what is written to a descriptor goes to the journal (systemd.exec(5), JOURNAL_STREAM)."""
    found = os.fstat(descriptor)
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def entry(event: Mapping[str, object]) -> bytes:
    """Give an event as the journal takes it: `links` becomes XELINKD_LINKS, once for each of a list.

    Of a long list the first: journald throws an entry of more than 1024 fields away. MESSAGE has them all.
    """
    fields = ((PREFIX + key.upper(), value) for key, value in event.items() if key not in _OF_THE_JOURNAL)
    head = (
        ("MESSAGE", _message(event)),
        ("PRIORITY", _PRIORITIES[str(event["level"])]),
        ("SYSLOG_IDENTIFIER", IDENTIFIER),
    )
    return b"".join(
        _field(name, _text(item)) for name, value in (*head, *fields) for item in _items(value)[:MAX_ITEMS]
    )


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else (value,)


def _text(value: object) -> str:
    if isinstance(value, str | Path):
        return str(value)
    return msgspec.json.encode(value, enc_hook=str).decode()


def _field(name: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if b"\n" in data:
        return b"%b\n%b%b\n" % (name.encode(), struct.pack("<Q", len(data)), data)
    return b"%b=%b\n" % (name.encode(), data)


def _message(event: Mapping[str, object]) -> str:
    """Say it in a line for people: `link_lost count=1 links=0.0-1.0`; a traceback follows that line."""
    rest = {key: value for key, value in event.items() if key not in _NOT_IN_A_LINE}
    words = [f"{key}={','.join(map(_text, _items(value)))}" for key, value in rest.items()]
    return "\n".join((" ".join((str(event["event"]), *words)), *_traceback(event)))


_NOT_IN_A_LINE: Final = _OF_THE_JOURNAL | {"process", "event", "exception"}


def _traceback(event: Mapping[str, object]) -> Iterator[str]:
    if "exception" in event:
        yield str(event["exception"])


def send(content: bytes, path: str = SOCKET) -> None:
    """Send one entry; one that is too large for a datagram goes as a file in memory.

    By a socket of its own each time: nothing is inherited, and journald may be started anew.

    Raises:
        OSError: the journal does not take it, or not in time.

    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _PATIENCE)
        try:
            made.sendto(content, path)
        except OSError as error:
            if error.errno not in _TOO_LARGE:
                raise
            _send_as_file(made, content, path)


def _send_as_file(made: socket.socket, content: bytes, path: str) -> None:
    descriptor = os.memfd_create("xelinkd-journal", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        file.write(content)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)  # or the journal does not read it
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", descriptor))
        made.sendmsg([], [rights], 0, path)
