"""The schema as a table: one row for each key, for reading, checking and showing it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from xelinkd.config.schema import Config, Output
from xelinkd.config.toml_text import toml_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xelinkd.config.rules import Rule

SECTIONS: Final[Mapping[str, type[msgspec.Struct]]] = {
    field.name: field.type
    for field in msgspec.structs.fields(Config)
    if isinstance(field.default, msgspec.Struct)
}
LISTS: Final[Mapping[str, type[msgspec.Struct]]] = {"outputs": Output}
"""Sections that may be there several times: `[[outputs]]`."""

_NUMBER: Final = re.compile(r"\[[0-9]+\]")


class Key(Struct, frozen=True):
    """One key of the configuration; `type` is its annotation, as msgspec reads it."""

    section: str
    name: str
    type: Any
    default: object
    description: str
    rule: Rule
    example: object = None

    @property
    def path(self) -> str:
        """Its name in messages: `source.interval`."""
        return f"{self.section}.{self.name}"

    @property
    def meaning(self) -> str:
        """What it is for, what it may be, and its default: for people."""
        default = "required" if self.is_required else f"default {toml_value(self.default)}"
        return f"{self.description} ({self.rule.allowed}; {default})"

    @property
    def is_required(self) -> bool:
        """Tell whether there is no default."""
        return self.default is msgspec.NODEFAULT


def _rows(sections: Mapping[str, type[msgspec.Struct]]) -> Iterator[Key]:
    for section, struct in sections.items():
        for field in msgspec.structs.fields(struct):
            meta, rule = field.type.__metadata__
            example = meta.examples[0] if meta.examples else field.default
            yield Key(section, field.name, field.type, field.default, meta.description, rule, example)


KEYS: Final[Mapping[str, Key]] = {key.path: key for key in _rows(SECTIONS)}
LIST_KEYS: Final[Mapping[str, Key]] = {key.path: key for key in _rows(LISTS)}


def summary_of(section: str) -> str:
    """Say what a section is for."""
    return ({**SECTIONS, **LISTS}[section].__doc__ or "").partition("\n")[0]


def keys_of(section: str) -> list[Key]:
    """Give a section's keys, in the order of the schema."""
    return [key for key in (*KEYS.values(), *LIST_KEYS.values()) if key.section == section]


def key_at(path: str) -> Key:
    """Give the key that stands at a path: `source.interval`, `outputs[1].file`."""
    plain = _NUMBER.sub("", path)
    return KEYS.get(plain) or LIST_KEYS[plain]


def path_in_list(section: str, number: int, name: str) -> str:
    """Name a key of the first, second... section of a list."""
    return f"{section}[{number}].{name}"


def value_of(config: Config, path: str) -> object:
    """Look up a key's value by its path."""
    section, _, name = path.partition(".")
    value: object = getattr(getattr(config, section), name)
    return value


def in_force(config: Config) -> dict[str, object]:
    """Give the values of all keys by their paths, those of lists too."""
    of_lists = {
        path_in_list(section, number, key.name): getattr(entry, key.name)
        for section in LISTS
        for number, entry in enumerate(getattr(config, section), 1)
        for key in keys_of(section)
    }
    return {path: value_of(config, path) for path in KEYS} | of_lists
