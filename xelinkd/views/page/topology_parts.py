"""The page's sections about the links: drawing, missing links, matrix, changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.model.words import count
from xelinkd.state.history import name_of
from xelinkd.views.drawing import topology_svg
from xelinkd.views.drawing.legend import counts, notes, why_unknown
from xelinkd.views.drawing.shown import Shown, shown
from xelinkd.views.events import Change, changes
from xelinkd.views.html import Markup, tag, together
from xelinkd.views.page.parts import moment, scrolling, section, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xelinkd.model.topology import Tile
    from xelinkd.state.told import State

_MOST_MISSING: Final = 100  # links that are listed
_SHOWN_AT_ONCE: Final = 12  # changes; the others unfold

_LACKING: Final = tag("td", "missing", class_="lacking")
_ITSELF: Final = tag("td", "·", class_="same")
_SAME_CARD: Final = tag("td", "card", class_="same")
_APART: Final = tag("td", "-", class_="apart")


def topology(state: State) -> Markup:
    """Show the drawing, with the way to its other forms."""
    alone = tag("a", "this drawing", href="topology.svg")
    program = tag("a", "JSON", href="topology.json")
    caption = tag("figcaption", "On its own: ", alone, ", or as ", program, " for programs.")
    return section(
        "topology", "Topology", tag("figure", topology_svg.drawing(state), caption), _missing(state)
    )


def _missing(state: State) -> Markup:
    """List the links that are missing; nothing if none are."""
    links = state.history.missing
    if not links:
        return Markup()
    shown_of_them = links[:_MOST_MISSING]
    rows = ((name_of(link.ends), str(link.lanes), moment(state, link.since)) for link in shown_of_them)
    rest = f" {len(links) - _MOST_MISSING} more are in the JSON." if len(links) > _MOST_MISSING else ""
    note = tag(
        "p",
        f"Links that were there within the last 24 hours, and are not shown any more.{rest}",
        class_="soft",
    )
    return together(
        (tag("h3", "Missing links"), note, table("Missing links", ("link", "lanes", "lost"), rows))
    )


def matrix(state: State) -> Markup:
    """Show tiles against tiles."""
    seen = shown(state.history)
    if seen is None:
        return section("matrix", "Matrix", tag("p", f"The topology is unknown. {why_unknown(state)}"))
    of = tag("p", " ".join(notes(state, seen)[1:]), class_="soft")
    return section("matrix", "Matrix", of, *_matrix(seen))


def _matrix(seen: Shown) -> tuple[Markup, ...]:
    if not seen.is_drawable:
        return (tag("p", f"The topology cannot be shown: it has {counts(seen)}."),)
    gone = {link.ends for link in seen.missing}
    first = {min(tile for tile in seen.tiles if tile.device == device) for device in seen.devices}
    corner = tag("td", tag("span", "tile", class_="unseen"))
    head = tag("tr", corner, *(_heading(tile, first, "col") for tile in seen.tiles))
    rows = (
        tag("tr", _heading(tile, first, "row"), *(_cell(seen, gone, tile, other) for other in seen.tiles))
        for tile in seen.tiles
    )
    body = tag("table", tag("thead", head), tag("tbody", *rows), class_="matrix")
    key = "Numbers: lanes of a XeLink. -: no XeLink. card: two tiles of one GPU. ·: a tile and itself."
    return scrolling("Matrix of all tiles", body), tag("p", key, class_="soft")


def _heading(tile: Tile, first: set[Tile], scope: str) -> Markup:
    return tag("th", str(tile), scope=scope, class_="first" if tile in first else "")


def _cell(seen: Shown, gone: set[tuple[Tile, Tile]], tile: Tile, other: Tile) -> Markup:
    ends = (min(tile, other), max(tile, other))
    if ends in seen.links:
        return tag("td", str(seen.links[ends]), class_="joined")
    if ends in gone:
        return _LACKING
    if tile.device == other.device:
        return _ITSELF if tile == other else _SAME_CARD
    return _APART


def last_changes(state: State) -> Markup:
    """Tell what happened, the newest first."""
    all_of_them = changes(state)
    if not all_of_them:
        return section("changes", "Changes", tag("p", "No changes."))
    latest, older = all_of_them[:_SHOWN_AT_ONCE], all_of_them[_SHOWN_AT_ONCE:]
    return section("changes", "Changes", _list(state, latest), _folded(state, older) if older else "")


def _folded(state: State, older: Sequence[Change]) -> Markup:
    return tag("details", tag("summary", count(len(older), "earlier change")), _list(state, older))


def _list(state: State, told: Sequence[Change]) -> Markup:
    items = (
        tag("li", moment(state, change.at), tag("span", change.sentence, class_=f"what {change.kind}"))
        for change in told
    )
    return tag("ol", *items, class_="changes", reversed="reversed")
