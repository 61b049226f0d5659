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
    """Give the password as a body's text, a header's and our own quotes of either would have it."""
    password = base64.b64decode(token).partition(b":")[2]
    texts = {
        password.decode(errors="replace"),
        password.decode("latin-1"),
        password.decode("ascii", "backslashreplace"),
        _with_bare_quotes(repr(password)[2:-1]),
    }
    quotes = {_with_bare_quotes(repr(text)[1:-1]) for text in texts}
    told = texts | quotes
    return told | {text.replace("'", r"\'") for text in told}


def _with_bare_quotes(quote: str) -> str:
    """Take quotes as they are: whether they are escaped depends on what else stands beside them."""
    return quote.replace(r"\'", "'")
