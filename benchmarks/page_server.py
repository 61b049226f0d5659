"""Serves a page to whoever asks, as cheaply as can be; standard output gets a moment for each.

Usage: python -m benchmarks.page_server FILE. The first line it prints is its port. What follows are moments
(time.monotonic, a C double) at which a page was sent to its end. The file is read for each, and may change.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

MOMENT = struct.Struct("d")
_STDOUT = 1
_REQUEST_SIZE = 65536  # bytes; a request is a few hundred


def serve(file: Path) -> None:
    """Answer one request on each connection, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        os.write(_STDOUT, b"%d\n" % listener.getsockname()[1])
        while True:
            connection, _ = listener.accept()
            with connection, suppress(ConnectionError):  # a client that was killed
                connection.recv(_REQUEST_SIZE)
                connection.sendall(_response(file.read_bytes()))
                os.write(_STDOUT, MOMENT.pack(time.monotonic()))


def _response(page: bytes) -> bytes:
    headers = ("Content-Type: text/plain", f"Content-Length: {len(page)}", "Connection: close")
    return "\r\n".join(("HTTP/1.1 200 OK", *headers, "", "")).encode() + page


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
