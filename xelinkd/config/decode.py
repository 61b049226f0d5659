"""From TOML to a configuration, or to everything that is wrong with it. Pure: the file is read elsewhere."""

from __future__ import annotations

import codecs
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import tomli
from msgspec import Struct

from xelinkd.config.bonds import BONDS, Bond
from xelinkd.config.duration import Duration
from xelinkd.config.keys import KEYS, LISTS, SECTIONS, Key, in_force, key_at, keys_of, path_in_list, value_of
from xelinkd.config.output_rules import broken_by_outputs
from xelinkd.config.overrides import Override
from xelinkd.config.problems import MAX_PROBLEMS, ConfigError, Problem
from xelinkd.config.schema import MOST_OUTPUTS, Config
from xelinkd.config.spelling import unknown_keys
from xelinkd.config.toml_text import found, found_unseen, shortened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from xelinkd.config.overrides import AnyOverride

DEFAULT: Final = "default"
FILE: Final = "file"

# What can be suggested as a duration that parses.
_MOST_SECONDS: Final = 10**9
_DIGITS: Final = re.compile(r"[0-9]{1,9}")


class Decoded(Struct, frozen=True):
    """A configuration, and where each key's value came from: `default`, `file` or `flag -interval`."""

    config: Config
    origins: Mapping[str, str]


class _Given(Struct, frozen=True):
    """A value that is not checked yet, and where it came from."""

    value: object
    origin: str


def decode(data: bytes, overrides: Sequence[AnyOverride] = (), *, where: str) -> Decoded:
    """Read a configuration: defaults, under the file's values, under the command line's.

    `where` names the file in messages. Raises ConfigError with all problems at once.
    """
    document = _parse(data.removeprefix(codecs.BOM_UTF8), where)  # editors put it there, TOML 1.0 is silent
    given = _overridden(_from_file(document), overrides)
    paths = (*KEYS, *_paths_in_lists(document))
    origins = {path: given[path].origin if path in given else DEFAULT for path in paths}
    values, misfits = _converted(given, where)
    misfits |= _missing(paths, given, where)
    config = _assembled(values, document)
    problems = [
        *islice(unknown_keys(document, where), MAX_PROBLEMS),
        *misfits.values(),
        *_broken_bonds(config, origins, misfits.keys(), where),
        *_broken_by_outputs(config, misfits.keys(), where),
    ]
    if problems:
        raise ConfigError(problems)
    return Decoded(config, origins)


def _parse(data: bytes, where: str) -> dict[str, Any]:
    try:
        return tomli.loads(data.decode())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem(f"{where}: line {line}", "", "is not UTF-8")
    except tomli.TOMLDecodeError as error:
        place = f"{where}: line {error.lineno}, column {error.colno}"
        problem = Problem(place, "", f"is not TOML: {shortened(error.msg)}")
    except RecursionError:
        problem = Problem(where, "", "is nested too deeply")
    except ValueError as error:  # a number of more than 4,300 digits
        problem = Problem(where, "", f"is not TOML: {shortened(str(error))}")
    raise ConfigError([problem])


def _from_file(document: dict[str, Any]) -> dict[str, _Given]:
    tables = {name: table for name, table in document.items() if isinstance(table, dict)}
    of_sections = {
        path: _Given(tables[key.section][key.name], FILE)
        for path, key in KEYS.items()
        if key.name in tables.get(key.section, {})
    }
    of_lists = {
        path_in_list(section, number, key.name): _Given(table[key.name], FILE)
        for section in LISTS
        for number, table in enumerate(_tables(document, section), 1)
        for key in keys_of(section)
        if key.name in table
    }
    return of_sections | of_lists


def _tables(document: dict[str, Any], section: str) -> list[dict[str, Any]]:
    """Give the tables of a section that may be there several times; what else is there is told elsewhere."""
    value = document.get(section, [])
    is_right = isinstance(value, list) and all(isinstance(table, dict) for table in value)
    return value[: MOST_OUTPUTS + 1] if is_right else []


def _paths_in_lists(document: dict[str, Any]) -> Iterator[str]:
    return (
        path_in_list(section, number, key.name)
        for section in LISTS
        for number, _ in enumerate(_tables(document, section), 1)
        for key in keys_of(section)
    )


def _missing(paths: Iterable[str], given: Mapping[str, _Given], where: str) -> dict[str, Problem]:
    """Name the keys that have no default and are not there."""
    return {
        path: Problem(where, path, f"is missing; allowed: {key_at(path).rule.allowed}")
        for path in paths
        if path not in given and key_at(path).is_required
    }


def _overridden(given: dict[str, _Given], overrides: Sequence[AnyOverride]) -> dict[str, _Given]:
    """Apply whole values first: parts of the URL change the one that is in force after them."""
    result = dict(given)
    for override in sorted(overrides, key=lambda override: not isinstance(override, Override)):
        current = result.get(override.key, _Given(KEYS[override.key].default, DEFAULT))
        result[override.key] = _Given(override.apply(current.value), _origin(override, current))
    return result


def _origin(override: AnyOverride, current: _Given) -> str:
    """Name both places when the command line changes only a part of the value."""
    flag = f"flag {override.flag}"
    return flag if isinstance(override, Override) else f"{current.origin}, {flag}"


def _converted(given: dict[str, _Given], where: str) -> tuple[dict[str, Any], dict[str, Problem]]:
    """Give each key its typed value, and those whose values do not fit their problem."""
    values: dict[str, Any] = {}
    misfits: dict[str, Problem] = {}
    for path, item in given.items():
        key = key_at(path)
        try:
            values[path] = _convert(item.value, key)
        except (msgspec.ValidationError, ValueError):  # ValueError: an integer beyond all bounds
            message = f"{_found(item.value, key)}; allowed: {key.rule.allowed}{_hint(item.value, key)}"
            misfits[path] = Problem(_place(item.origin, where), path, message)
    return values, misfits


def _found(value: object, key: Key) -> str:
    return f"found {found_unseen(value) if key.rule.is_private else found(value)}"


def _convert(value: object, key: Key) -> object:
    converted = msgspec.convert(value, key.type, dec_hook=_from_string)
    if not key.rule.holds(converted):
        raise ValueError(key.rule.allowed)
    return converted


def _from_string(wanted: type, value: object) -> object:
    """Make the types that TOML writes as strings."""
    if not isinstance(value, str):
        raise TypeError(f"{wanted.__name__} is written as a string")
    return Duration.parse(value) if wanted is Duration else Path(value)


def _hint(value: object, key: Key) -> str:
    """Show how to write a duration that came without its unit."""
    if not isinstance(key.default, Duration) or isinstance(value, bool):
        return ""
    match value:
        case int() | float() if 0 <= value < _MOST_SECONDS:
            return f'; a duration needs its unit: "{Duration(value)}"'
        case str() if _DIGITS.fullmatch(value):
            return f'; a duration needs its unit: "{value}s"'
        case _:
            return ""


def _assembled(values: Mapping[str, Any], document: dict[str, Any]) -> Config:
    """Build the configuration; keys without a value keep their default.

    Of a section that may be there several times only those are built that have what has no default.
    """
    sections: dict[str, Any] = {
        name: struct(**{key.name: values[key.path] for key in keys_of(name) if key.path in values})
        for name, struct in SECTIONS.items()
    }
    for section in LISTS:
        sections[section] = tuple(_entries(section, values, len(_tables(document, section))))
    return Config(**sections)


def _entries(section: str, values: Mapping[str, Any], count: int) -> Iterator[Any]:
    keys = keys_of(section)
    for number in range(1, count + 1):
        paths = {key.name: path_in_list(section, number, key.name) for key in keys}
        given = {name: values[path] for name, path in paths.items() if path in values}
        if all(key.name in given for key in keys if key.is_required):
            yield LISTS[section](**given)


def _broken_bonds(
    config: Config, origins: Mapping[str, str], misfits: Collection[str], where: str
) -> Iterator[Problem]:
    """Check the rules that join keys, wherever each of the keys is well by itself."""
    for bond in BONDS:
        if any(path in misfits for path in bond.keys):
            continue
        allowed = bond.allowed(config)
        if allowed is not None:
            path = bond.keys[0]
            message = f"{_found(value_of(config, path), key_at(path))}; allowed: {allowed}"
            yield Problem(_place_of_bond(bond, origins, where), path, message)


def _broken_by_outputs(config: Config, misfits: Collection[str], where: str) -> Iterator[Problem]:
    """Check the rules that join keys of outputs, once each of these is well by itself."""
    if any(path.startswith("outputs[") for path in misfits):
        return
    values = in_force(config)
    for path, allowed in broken_by_outputs(config):
        yield Problem(where, path, f"{_found(values[path], key_at(path))}; allowed: {allowed}")


def _place_of_bond(bond: Bond, origins: Mapping[str, str], where: str) -> str:
    """Point at a flag if one of the keys came from one: it is what was asked for last."""
    places = [_place(origins[path], where) for path in bond.keys]
    return next((place for place in places if place != where), where)


def _place(origin: str, where: str) -> str:
    """Tell where a value is put right: for one that the command line did not give, in the file."""
    return where if origin in (DEFAULT, FILE) else origin
