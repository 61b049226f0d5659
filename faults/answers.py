"""What a source may send instead of its page, as bytes. Pure."""

from __future__ import annotations

import gzip
from functools import cache


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Give a response that announces its length."""
    return until_closed(body, *headers, f"Content-Length: {len(body)}", status=status)


def until_closed(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Give a response whose end is that of the connection, if no header says otherwise."""
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode() + body


def chunked(body: bytes, size: bytes | None = None, end: bytes = b"0\r\n\r\n") -> bytes:
    """Give a response of one chunk, of the size that it has or that is told, and what comes after it."""
    told = b"%x" % len(body) if size is None else size
    return until_closed(told + b"\r\n" + body + b"\r\n" + end, "Transfer-Encoding: chunked")


def zipped(body: bytes) -> bytes:
    """Give a response that is compressed."""
    return response(gzip.compress(body), "Content-Encoding: gzip")


@cache
def gzip_bomb() -> bytes:
    """Give a response of 5 MB that unpacks to 5 GB."""
    return response(50 * gzip.compress(bytes(100 * 1024 * 1024)), "Content-Encoding: gzip")
