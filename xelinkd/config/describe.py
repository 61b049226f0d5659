"""The configuration as TOML for people: the file that ships, and the one that is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.config.keys import LISTS, SECTIONS, key_at, keys_of, path_in_list, summary_of, value_of
from xelinkd.config.toml_text import toml_string, toml_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xelinkd.config.load import Loaded

DEFAULT_HEAD: Final = """\
# The configuration of xelinkd. Every key is here with its default: a key that is left out means the same.
# Durations are strings with units: "500ms", "10s", "5m", "1h30m", "7d".
# Changes apply while xelinkd runs; `xelinkd check` tells whether they are right, before or after.
"""


def render_default() -> str:
    """Give the file that ships: every key with its documentation and its default."""
    sections = (*map(_default_section, SECTIONS), *map(_default_list, LISTS))
    return "\n".join([DEFAULT_HEAD, *sections])


def _default_section(name: str) -> str:
    entries = (f"# {key.meaning}\n{key.name} = {toml_value(key.default)}" for key in keys_of(name))
    return _lines([f"# {summary_of(name)}", f"[{name}]", *entries])


def _default_list(name: str) -> str:
    """Show a section that is not there by default."""
    entries = (f"# {key.meaning}\n#{key.name} = {toml_value(key.example)}" for key in keys_of(name))
    return _lines([f"# {summary_of(name)}", f"#[[{name}]]", *entries])


def render_effective(loaded: Loaded) -> str:
    """Give the configuration in force as TOML, each line with where its value came from."""
    there = "" if loaded.is_there else " (not there: the defaults)"
    head = f"# file: {toml_string(str(loaded.path))}{there}\n"
    lists = (
        _effective_entry(loaded, name, number)
        for name in LISTS
        for number, _ in enumerate(getattr(loaded.config, name), 1)
    )
    return "\n".join([head, *(_effective_section(loaded, name) for name in SECTIONS), *lists])


def _effective_section(loaded: Loaded, name: str) -> str:
    values = {key.path: value_of(loaded.config, key.path) for key in keys_of(name)}
    return _lines([f"[{name}]", *_with_origins(loaded, values)])


def _effective_entry(loaded: Loaded, name: str, number: int) -> str:
    entry = getattr(loaded.config, name)[number - 1]
    values = {path_in_list(name, number, key.name): getattr(entry, key.name) for key in keys_of(name)}
    return _lines([f"[[{name}]]", *_with_origins(loaded, values)])


def _with_origins(loaded: Loaded, values: Mapping[str, object]) -> Iterator[str]:
    entries = {path: f"{key_at(path).name} = {toml_value(value)}" for path, value in values.items()}
    width = max(map(len, entries.values()))
    return (f"{text:<{width}}  # {loaded.origins[path]}" for path, text in entries.items())


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
