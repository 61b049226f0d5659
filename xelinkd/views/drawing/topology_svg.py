"""The topology drawn: one SVG that stands alone, and the same drawing for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.state.history import name_of
from xelinkd.views.drawing.bundles import bundles, unusual
from xelinkd.views.drawing.layout import Card, Point, arrange, bounds, is_roomy, strand
from xelinkd.views.drawing.legend import keys, notes, summary, thickness
from xelinkd.views.drawing.shown import Shown, shown
from xelinkd.views.drawing.svg_style import STYLE
from xelinkd.views.html import Markup, policy, style, tag, together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.model.topology import Tile
    from xelinkd.state.told import State
    from xelinkd.views.drawing.bundles import Bundle
    from xelinkd.views.drawing.layout import Chip, Strand
    from xelinkd.views.drawing.legend import Key

CONTENT_TYPE: Final = "image/svg+xml"
CONTENT_SECURITY_POLICY: Final = policy(STYLE)

_MARGIN: Final = 20.0
_LEAST_WIDTH: Final = 460.0  # what the lines of text take
_COUNT_AT: Final = 0.4  # of a strand: not in the middle, where most of them cross
_CROSS_AT: Final = 0.24
_CROSS: Final = 5.0  # half the size of the mark on a missing link
_LINE: Final = 19.0  # from one line of text to the next
_SCALED_FROM: Final = 640.0  # the width from which on text grows with the drawing, to stay legible
_DENSE_FROM: Final = 150  # links, which are drawn thinner
_LONGEST: Final = 60  # characters of a line of text

Cards = dict[int, Card]
Chips = dict["Tile", "Chip"]


def document(state: State) -> bytes:
    """Give the drawing as a file of its own."""
    return drawing(state, style(STYLE)).encode()


def drawing(state: State, *first: Markup) -> Markup:
    """Give the drawing as an element; its style (`STYLE`) is to be in the page, or comes first inside."""
    seen = shown(state.history)
    if seen is None or not seen.is_drawable:
        return _in_words(state, seen, *first)
    cards = {card.device: card for card in arrange(seen.tiles)}
    gathered = bundles(seen)
    parts = (_links(gathered, cards), _cards(seen, cards), _missing(seen, cards), _counts(gathered, cards))
    return _framed(state, seen, cards, *first, *parts)


def _framed(state: State, seen: Shown, cards: Cards, *parts: Markup) -> Markup:
    """Put words above and the key below what is drawn."""
    box = bounds(cards.values())
    above, below = notes(state, seen), keys(state, seen)
    width = max(box.width + 2 * _MARGIN, _LEAST_WIDTH)
    scale = max(1.0, width / _SCALED_FROM)
    left, line = box.centre.x - width / 2, _LINE * scale
    top, foot = box.y - _MARGIN - (len(above) + 1) * line, box.y + box.height + _MARGIN + line
    words = (
        tag("g", _notes(above), class_="notes", transform=_placed(left + _MARGIN, top + 1.5 * line, scale)),
        tag("g", _keys(below), class_="key", transform=_placed(left + _MARGIN, foot, scale)),
    )
    return _svg(state, seen, (left, top, width, foot + len(below) * line - top), *parts, *words)


def _svg(state: State, seen: Shown | None, view: tuple[float, ...], *parts: Markup) -> Markup:
    title, description = summary(state, seen)
    return tag(
        "svg",
        tag("title", title, id="topology-title"),
        tag("desc", description, id="topology-description"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=_numbers(*view),
        role="img",
        aria_labelledby="topology-title topology-description",
        class_=" ".join(_kinds(state, seen)),
    )


def _kinds(state: State, seen: Shown | None) -> Iterator[str]:
    yield "topology"
    if state.keeping.ignorance is not None:
        yield "stale"
    if seen and len(seen.links) > _DENSE_FROM:
        yield "dense"


def _in_words(state: State, seen: Shown | None, *first: Markup) -> Markup:
    """Say what cannot be drawn; nothing here looks like a machine without links."""
    title, description = summary(state, seen)
    frame = tag("rect", class_="void", **_box(8, 8, _LEAST_WIDTH - 16, 124), rx="10")
    mark = tag("text", "?", class_="mark", x="230", y="66")
    lines = (
        tag("text", line, class_="says", x="230", y=y)
        for line, y in ((title, "94"), (_short(description), "114"))
    )
    return _svg(state, seen, (0, 0, _LEAST_WIDTH, 140), *first, frame, mark, *lines)


def _short(sentence: str) -> str:
    """Cut a sentence to what fits on a line of the drawing; all of it is in the description."""
    return sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 1] + "…"


def _links(gathered: tuple[Bundle, ...], cards: Cards) -> Markup:
    chips = _chips(cards)
    drawn = (
        tag(
            "path",
            tag("title", _told(bundle, lanes)),
            class_=f"link {thickness(lanes)}",
            d=" ".join(_course(_strand(ends, chips, cards)) for ends in bundle.links[lanes]),
        )
        for bundle in gathered
        for lanes in bundle.links
    )
    return tag("g", *drawn, class_="links")


def _told(bundle: Bundle, lanes: int) -> str:
    names = ", ".join(name_of(ends) for ends in bundle.links[lanes])
    return f"GPU {bundle.devices[0]} to GPU {bundle.devices[1]}, {lanes} lanes: {names}"


def _missing(seen: Shown, cards: Cards) -> Markup:
    chips = _chips(cards)
    drawn = (
        tag(
            "g",
            tag("title", f"{name_of(link.ends)} is missing, had {link.lanes} lanes"),
            tag("path", class_="lost", d=_course(course)),
            tag("path", class_="cross", d=_cross(course.at(_CROSS_AT))),
        )
        for link in seen.missing
        for course in [_strand(link.ends, chips, cards)]
    )
    return tag("g", *drawn, class_="missing")


def _counts(gathered: tuple[Bundle, ...], cards: Cards) -> Markup:
    """Write how many links a bundle has, where that tells something."""
    drawn = (_count(bundle, cards) for bundle in unusual(gathered))
    return tag("g", *drawn, class_="counts")


def _count(bundle: Bundle, cards: Cards) -> Markup:
    one, other = (cards[device].anchor for device in bundle.devices)
    place = strand(one, other, (one, other)).at(_COUNT_AT)
    width = 10.0 + 7.0 * len(bundle.count)
    return together(
        (
            tag("rect", **_box(place.x - width / 2, place.y - 9, width, 18), rx="9"),
            tag("text", bundle.count, x=_numbers(place.x), y=_numbers(place.y + 4)),
        )
    )


def _cards(seen: Shown, cards: Cards) -> Markup:
    named = is_roomy([card.chips for card in cards.values()])
    return tag("g", *(_card(card, seen, named=named) for card in cards.values()), class_="cards")


def _card(card: Card, seen: Shown, *, named: bool) -> Markup:
    is_gone = all(chip.tile in seen.gone for chip in card.chips)
    name = f"GPU {card.device}" if named else str(card.device)
    place = card.head.centre
    return tag(
        "g",
        tag("title", f"GPU {card.device}" + (" is not shown any more" if is_gone else "")),
        tag("rect", **_box(*card.box), rx="8"),
        tag("text", name, class_="name", x=_numbers(place.x), y=_numbers(place.y + 4.5)),
        *(_chip(chip, is_gone=chip.tile in seen.gone, named=named) for chip in card.chips),
        class_="card gone" if is_gone else "card",
    )


def _chip(chip: Chip, *, is_gone: bool, named: bool) -> Markup:
    place = chip.box.centre
    name = tag("text", str(chip.tile), x=_numbers(place.x), y=_numbers(place.y + 4))
    box = tag("rect", tag("title", f"tile {chip.tile}"), **_box(*chip.box), rx="3")
    return tag("g", box, *([name] if named else ()), class_="tile gone" if is_gone else "tile")


def _notes(rows: tuple[str, ...]) -> Markup:
    return together(
        tag("text", row, class_="" if place else "first", y=_numbers(place * _LINE))
        for place, row in enumerate(rows)
    )


def _keys(rows: tuple[Key, ...]) -> Markup:
    return together(_key(row, place * _LINE) for place, row in enumerate(rows))


def _key(row: Key, y: float) -> Markup:
    line = (tag("path", class_=row.line, d=f"M{_numbers(0, y)} h34"),) if row.line else ()
    return together((*line, tag("text", row.text, x="44", y=_numbers(y + 4))))


def _placed(x: float, y: float, scale: float) -> str:
    return f"translate({_numbers(x, y)}) scale({scale:.2f})"


def _chips(cards: Cards) -> Chips:
    return {chip.tile: chip for card in cards.values() for chip in card.chips}


def _strand(ends: tuple[Tile, Tile], chips: Chips, cards: Cards) -> Strand:
    one, other = ends
    anchors = cards[one.device].anchor, cards[other.device].anchor
    return strand(chips[one].port, chips[other].port, anchors)


def _course(course: Strand) -> str:
    start, *rest = course
    return f"M{_numbers(*start)} C{' '.join(_numbers(*point) for point in rest)}"


def _cross(at: Point) -> str:
    left, right, top, bottom = at.x - _CROSS, at.x + _CROSS, at.y - _CROSS, at.y + _CROSS
    return (
        f"M{_numbers(left, top)} L{_numbers(right, bottom)} M{_numbers(left, bottom)} L{_numbers(right, top)}"
    )


def _box(x: float, y: float, width: float, height: float) -> dict[str, str]:
    values = {"x": x, "y": y, "width": width, "height": height}
    return {name: _numbers(value) for name, value in values.items()}


def _numbers(*values: float) -> str:
    return " ".join(f"{value:.1f}".removesuffix(".0") for value in values)
