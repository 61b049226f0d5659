"""The schema as a table: one row for each key, for reading, checking and showing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from xelinkd.config.schema import Config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xelinkd.config.rules import Rule

SECTIONS: Final[Mapping[str, type[msgspec.Struct]]] = {
    field.name: field.type for field in msgspec.structs.fields(Config)
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the configuration; `type` is its annotation, as msgspec reads it."""

    section: str
    name: str
    type: Any
    default: object
    description: str
    rule: Rule

    @property
    def path(self) -> str:
        """Its name in messages: `source.interval`."""
        return f"{self.section}.{self.name}"


def _rows() -> Iterator[Key]:
    for section, struct in SECTIONS.items():
        for field in msgspec.structs.fields(struct):
            meta, rule = field.type.__metadata__
            yield Key(section, field.name, field.type, field.default, meta.description, rule)


KEYS: Final[Mapping[str, Key]] = {key.path: key for key in _rows()}


def keys_of(section: str) -> list[Key]:
    """Give a section's keys, in the order of the schema."""
    return [key for key in KEYS.values() if key.section == section]


def value_of(config: Config, path: str) -> object:
    """Look up a key's value by its path."""
    section, _, name = path.partition(".")
    value: object = getattr(getattr(config, section), name)
    return value
