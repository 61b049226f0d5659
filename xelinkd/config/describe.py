"""The configuration as TOML for people: the file that ships, and the one that is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.config.keys import SECTIONS, Key, keys_of, value_of
from xelinkd.config.toml_text import toml_string, toml_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xelinkd.config.load import Loaded

_DEFAULT_HEAD = """\
# The configuration of xelinkd. Every key is here with its default: a key that is left out means the same.
# Durations are strings with units: "500ms", "10s", "5m", "1h30m", "7d".
# Changes apply while xelinkd runs; `xelinkd check` tells whether they are right, before or after.
"""


def render_default() -> str:
    """Give the file that ships: every key with its documentation and its default."""
    return "\n".join([_DEFAULT_HEAD, *(_default_section(name) for name in SECTIONS)])


def _default_section(name: str) -> str:
    summary = (SECTIONS[name].__doc__ or "").partition("\n")[0]
    entries = (_default_entry(key) for key in keys_of(name))
    return _lines([f"# {summary}", f"[{name}]", *entries])


def _default_entry(key: Key) -> str:
    default = toml_value(key.default)
    return f"# {key.description} ({key.rule.allowed}; default {default})\n{key.name} = {default}"


def render_effective(loaded: Loaded) -> str:
    """Give the configuration in force as TOML, each line with where its value came from."""
    there = "" if loaded.is_there else " (not there: the defaults)"
    head = f"# file: {toml_string(str(loaded.path))}{there}\n"
    return "\n".join([head, *(_effective_section(loaded, name) for name in SECTIONS)])


def _effective_section(loaded: Loaded, name: str) -> str:
    entries = {key: f"{key.name} = {toml_value(value_of(loaded.config, key.path))}" for key in keys_of(name)}
    width = max(len(text) for text in entries.values())
    commented = (f"{text:<{width}}  # {loaded.origins[key.path]}" for key, text in entries.items())
    return _lines([f"[{name}]", *commented])


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
