"""Values as TOML text, for files we generate and for messages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from xelinkd.config.duration import Duration

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BASIC_PLANE: Final = 0xFFFF
_MAX_SHOWN: Final = 80  # characters of a value in a message
_INT64: Final = range(-(1 << 63), 1 << 63)  # what TOML promises


def toml_value(value: object) -> str:
    """Write a configuration's value as TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case str() | Path() | Duration():
            return toml_string(str(value))
        case _:
            return str(value)


def toml_string(text: str) -> str:
    """Write a string on one line; whatever a terminal would not show as itself is escaped."""
    return '"' + "".join(char if _is_plain(char) else _escape(char) for char in text) + '"'


def toml_key(name: str) -> str:
    """Write a key, quoted where TOML asks for it."""
    return name if _BARE_KEY.fullmatch(name) else toml_string(name)


def found(value: object) -> str:
    """Name a value of the file in a message: short, on one line, whatever it is."""
    match value:
        case str() | Path() | Duration():
            return shortened(toml_value(_without_password(str(value))))
        case bool() | float():
            return shortened(toml_value(value))
        case int():
            return str(value) if value in _INT64 else "a number beyond 64 bits"
        case dict():
            return "a table"
        case list():
            return "an array"
        case _:
            return f"the date or time {value}"


def found_unseen(value: object) -> str:
    """Name in a message what kind of value was found, where it may itself be a secret."""
    match value:
        case "":
            return '""'
        case str():
            return "a text, not shown here as it may be a secret"
        case bool() | dict() | list():
            return found(value)
        case int() | float():
            return "a number"
        case _:
            return "a date or time"


def _without_password(text: str) -> str:
    """Keep a user and password that somebody wrote into an address, however spelled, out of the logs."""
    _, at, rest = text.rpartition("@")
    return f"***@{rest}" if at else text


def shortened(text: str) -> str:
    """Cut text to what a message has room for."""
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def _is_plain(char: str) -> bool:
    return char.isprintable() and char not in _ESCAPES


def _escape(char: str) -> str:
    code = ord(char)
    return _ESCAPES.get(char) or (f"\\u{code:04x}" if code <= _BASIC_PLANE else f"\\U{code:08x}")
