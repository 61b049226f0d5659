"""What we send to prove who asks, kept out of what is told of the answer: a server may send it back."""

from __future__ import annotations

import base64
import string
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTHING: Final[Mapping[str, str]] = {}  # no headers, or none of ours

_STRUCK: Final = "***"
_START: Final = 8  # characters by which a token is known, wherever it was cut
_TOKEN: Final = string.ascii_letters + string.digits + "+/=._~-%"  # what may follow; URLs escape some by %


def strike(text: str, headers: Mapping[str, str]) -> str:
    """Strike the credentials that these headers of a request carry out of a text that came back.

    They are known as they were sent, in whole or from their start; of a login the bare password is, too.
    """
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if not token:
        return text
    first, *others = text.split(token[:_START])
    text = _STRUCK.join([first, *(other.lstrip(_TOKEN) for other in others)])
    for password in _passwords(token) if scheme == "Basic" else ():
        text = text.replace(password, _STRUCK)
    return text


def _passwords(token: str) -> set[str]:
    """Give the password as a body's text and as a header's would have it."""
    password = base64.b64decode(token).partition(b":")[2]
    return {password.decode(errors="replace"), password.decode("latin-1")}
