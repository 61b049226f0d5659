"""What a source may send instead of its page, as bytes. Pure."""

from __future__ import annotations


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Give a response that announces its length."""
    return until_closed(body, *headers, f"Content-Length: {len(body)}", status=status)


def until_closed(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Give a response whose end is that of the connection, if no header says otherwise."""
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode() + body
