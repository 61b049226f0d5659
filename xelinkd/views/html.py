"""HTML and SVG made of elements: text from outside is escaped wherever it stands."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID: Final = frozenset({"link", "meta"})

# What XML cannot carry and UTF-8 cannot encode, and what makes a text read in another order than it has.
_UNSHOWABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)


class Markup(str):
    """Text that is HTML already; any other text is escaped when it is put into an element."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """Make text safe as content and as an attribute's value; what cannot be shown becomes U+FFFD."""
    if isinstance(text, Markup):
        return text
    return Markup(escape(_UNSHOWABLE.sub("\ufffd", text)))


def together(parts: Iterable[str]) -> Markup:
    """Put parts one after the other."""
    return Markup("".join(map(escaped, parts)))


def tag(element: str, *content: str, **attributes: str) -> Markup:
    """Give an element; an attribute with no value is left out.

    `class_` and `stroke_width` stand for the attributes `class` and `stroke-width`.
    """
    words = (f' {_attribute(name)}="{escaped(value)}"' for name, value in attributes.items() if value)
    start = f"<{element}{''.join(words)}>"
    return Markup(start if element in _VOID else f"{start}{together(content)}</{element}>")


def style(css: str) -> Markup:
    """Give a style sheet of our own: nothing in it comes from outside."""
    return Markup(f"<style>{css}</style>")


def policy(css: str, *more: str) -> str:
    """Give the Content-Security-Policy of a document with this one style sheet, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    rules = ("default-src 'none'", f"style-src 'sha256-{digest}'", *more)
    closed = ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
    return "; ".join((*rules, *closed))


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")
