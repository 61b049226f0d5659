"""What the drawing says in words: above it what it shows and of when, below it what its lines mean."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from xelinkd.model.words import count, listed, size_of
from xelinkd.state.history import name_of
from xelinkd.views.drawing.bundles import bundles, usual_count
from xelinkd.views.words import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.state.history import Missing
    from xelinkd.state.told import State
    from xelinkd.views.drawing.shown import Shown

_MOST_ROWS: Final = 5  # of each kind
_THICKNESSES: Final = ((24, "lanes-24"), (16, "lanes-16"), (8, "lanes-8"))


class Key(NamedTuple):
    """A row of the key: the class of the line that it explains (empty: none), and what that means."""

    line: str
    text: str


def thickness(lanes: int) -> str:
    """Give the class of a line that stands for so many lanes."""
    return next((name for least, name in _THICKNESSES if lanes >= least), "lanes-1")


def summary(state: State, seen: Shown | None) -> tuple[str, str]:
    """Give title and description, for those who do not see the drawing."""
    if seen is None:
        return "The topology is unknown", why_unknown(state)
    if not seen.is_drawable:
        return "The topology cannot be drawn", f"It has {counts(seen)}."
    return counts(seen), " ".join((*notes(state, seen)[1:], *(f"{row.text}." for row in keys(state, seen))))


def why_unknown(state: State) -> str:
    """Say why nothing is known."""
    ignorance = state.keeping.ignorance
    return f"{ignorance.reason}: {ignorance.detail}" if ignorance else "No observation has come yet."


def counts(seen: Shown) -> str:
    """Count all that there is."""
    size = size_of(len(seen.devices), len(seen.tiles), len(seen.links))
    return f"{size}, {len(seen.missing)} missing" if seen.missing else size


def notes(state: State, seen: Shown) -> tuple[str, ...]:
    """Give the lines above the drawing: what is shown, and of when it is."""
    known_at, ignorance = state.keeping.known_at, state.keeping.ignorance
    of = f"seen {clock(state, known_at)} UTC" if known_at is not None else "seen by an earlier process"
    if ignorance is None:
        return counts(seen), f"As {of}."
    since = clock(state, ignorance.since)
    return counts(seen), f"Unknown since {since} UTC ({ignorance.reason}).", f"This is what was last {of}."


def keys(state: State, seen: Shown) -> tuple[Key, ...]:
    """Give the rows below the drawing."""
    return (*_of_lanes(seen), *_of_counts(seen), *_of_missing(state, seen.missing))


def _of_lanes(seen: Shown) -> Iterator[Key]:
    if not seen.links:
        yield Key("", "This machine has no XeLink")
    by_lanes = Counter(seen.links.values())
    for lanes in sorted(by_lanes, reverse=True)[:_MOST_ROWS]:
        yield Key(f"link {thickness(lanes)}", f"{count(by_lanes[lanes], 'link')} of {count(lanes, 'lane')}")
    if len(by_lanes) > _MOST_ROWS:
        yield Key("", f"and links of fewer than {lanes} lanes")


def _of_counts(seen: Shown) -> Iterator[Key]:
    if usual := usual_count(bundles(seen)):
        yield Key("", f"Two joined GPUs share {usual} of them, where no number says otherwise")


def _of_missing(state: State, missing: tuple[Missing, ...]) -> Iterator[Key]:
    for link in missing[:_MOST_ROWS]:
        since = clock(state, link.since)
        yield Key("lost", f"{name_of(link.ends)} missing since {since} UTC ({count(link.lanes, 'lane')})")
    if rest := missing[_MOST_ROWS:]:
        yield Key("lost", f"also missing: {listed(map(_name, rest), _MOST_ROWS)}")


def _name(link: Missing) -> str:
    return name_of(link.ends)
