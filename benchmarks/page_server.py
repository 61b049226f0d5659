"""Serves one page to whoever asks, as cheaply as can be; standard output gets a byte for each request.

Usage: python -m benchmarks.page_server PAGE.gz. The first line it prints is its port.
"""

from __future__ import annotations

import gzip
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

_STDOUT = 1
_REQUEST_SIZE = 65536  # bytes; a request is a few hundred


def serve(page: bytes) -> None:
    """Answer one request on each connection, for ever."""
    headers = ("Content-Type: text/plain", f"Content-Length: {len(page)}", "Connection: close")
    response = "\r\n".join(("HTTP/1.1 200 OK", *headers, "", "")).encode() + page
    with socket.create_server(("127.0.0.1", 0)) as listener:
        os.write(_STDOUT, b"%d\n" % listener.getsockname()[1])
        while True:
            connection, _ = listener.accept()
            with connection, suppress(ConnectionError):  # a client that was killed
                connection.recv(_REQUEST_SIZE)
                os.write(_STDOUT, b".")
                connection.sendall(response)


if __name__ == "__main__":
    serve(gzip.decompress(Path(sys.argv[1]).read_bytes()))
