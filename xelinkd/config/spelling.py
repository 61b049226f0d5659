"""Keys that the schema does not know, and what was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from xelinkd.config.keys import KEYS, LISTS, SECTIONS, keys_of
from xelinkd.config.problems import Problem
from xelinkd.config.toml_text import found, shortened, toml_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping


_NEAR: Final = 0.6  # of what two words can have in common
_VERY_NEAR: Final = 0.8


def nearest(word: str, known: Iterable[str], cutoff: float = _NEAR) -> str | None:
    """Give the known word that was probably meant, if one is near."""
    from difflib import get_close_matches  # noqa: PLC0415  the daemon that is written right has no use for it

    return next(iter(get_close_matches(word, known, n=1, cutoff=cutoff)), None)


def unknown_keys(document: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """Name every key and section of the file that means nothing, and every section that is no table."""
    for name, value in document.items():
        if name in LISTS:
            yield from _unknown_in_list(name, value, where)
        elif name not in SECTIONS:
            kind = "section" if isinstance(value, dict) else "key"
            yield Problem(where, _shown(name), f"unknown {kind}; {_advice(name, (*SECTIONS, *LISTS))}")
        elif isinstance(value, dict):
            yield from _unknown_in_section(name, value, where)
        else:
            yield Problem(where, name, f"found {found(value)}; allowed: a section, [{name}]")


def _unknown_in_list(name: str, value: object, where: str) -> Iterator[Problem]:
    tables = value if isinstance(value, list) else [value]
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in tables):
        wrong = value if not isinstance(value, list) else next(t for t in tables if not isinstance(t, dict))
        yield Problem(where, name, f"found {found(wrong)}; allowed: sections, each one [[{name}]]")
        return
    for number, table in enumerate(tables, 1):
        yield from _unknown_in_section(name, table, where, f"{name}[{number}]")


def _unknown_in_section(
    section: str, table: Mapping[str, Any], where: str, shown: str = ""
) -> Iterator[Problem]:
    known = [key.name for key in keys_of(section)]
    for name in table:
        if name not in known:
            advice = _advice_in_list(name, known) if section in LISTS else _advice(name, known)
            yield Problem(where, f"{shown or section}.{_shown(name)}", f"unknown key; {advice}")


def _advice(name: str, here: Collection[str]) -> str:
    """Suggest the first key of this name elsewhere, else one of this place, else a very near one there."""
    elsewhere = {key.name: key.path for key in reversed([*KEYS.values()])}
    near, match = nearest(name, here), nearest(name, elsewhere, _VERY_NEAR)
    far = elsewhere[match] if match else None
    likely = (far or near) if name in elsewhere else (near or far)
    return f"did you mean '{likely}'?" if likely else f"allowed: {', '.join(here)}"


def _advice_in_list(name: str, here: Collection[str]) -> str:
    """Suggest one of this place: who begins a section of its own for it means none elsewhere."""
    near = nearest(name, here)
    return f"did you mean '{near}'?" if near else f"allowed: {', '.join(here)}"


def _shown(name: str) -> str:
    return shortened(toml_key(name))
