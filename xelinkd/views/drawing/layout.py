"""Where things stand in the drawing: GPUs as cards on a circle, their tiles on the side that faces inwards.

Lengths are units of the drawing, about a pixel each; y grows downwards.
"""

from __future__ import annotations

import math
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xelinkd.model.topology import Tile

_ROOMY_CARDS: Final = 16  # with more cards, or more tiles, cards are small and their tiles have no names
_ROOMY_TILES: Final = 32
_PAD: Final = 6.0  # between a card's edge and what is inside
_LEAST_RADIUS: Final = 150.0
_ROOM: Final = 1.12  # how much farther out than they must the cards stand
_BEND: Final = 0.3  # how far a strand is drawn towards the centre: 0 is straight


class Point(NamedTuple):
    """A place in the drawing."""

    x: float
    y: float


class Size(NamedTuple):
    """Width and height."""

    width: float
    height: float


class Box(NamedTuple):
    """A rectangle: its upper left corner, and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> Point:
        """The point in its middle."""
        return Point(self.x + self.width / 2, self.y + self.height / 2)


class Measures(NamedTuple):
    """How large things are: a tile's chip, a card's head, the gap between cards."""

    chip: Size
    head: Size
    gap: float


ROOMY: Final = Measures(Size(40, 22), Size(56, 22), 18)
COMPACT: Final = Measures(Size(10, 10), Size(26, 18), 8)


class Chip(Struct, frozen=True):
    """A tile in its card; links end at its port, beside it on the card's edge."""

    tile: Tile
    box: Box
    port: Point


class Card(Struct, frozen=True):
    """A GPU: its box, the room for its name, its tiles."""

    device: int
    box: Box
    head: Box
    chips: tuple[Chip, ...]

    @property
    def anchor(self) -> Point:
        """The middle of its ports."""
        return middle(self.chips[0].port, self.chips[-1].port)


def arrange(tiles: Iterable[Tile]) -> tuple[Card, ...]:
    """Give a card for each GPU, clockwise around (0, 0) from the upper left."""
    by_device = _by_device(tiles)
    measures = ROOMY if is_roomy(by_device) else COMPACT
    radius = _radius(by_device, measures)
    return tuple(
        _card(group, _angle(place, len(by_device)), radius, measures) for place, group in enumerate(by_device)
    )


def is_roomy(groups: Sequence[Sequence[object]]) -> bool:
    """Tell whether cards that hold so many tiles leave room for the names of these."""
    return len(groups) <= _ROOMY_CARDS and sum(map(len, groups)) <= _ROOMY_TILES


def _by_device(tiles: Iterable[Tile]) -> list[list[Tile]]:
    return [list(group) for _, group in groupby(sorted(tiles), key=attrgetter("device"))]


def middle(one: Point, other: Point, share: float = 0.5) -> Point:
    """Give the point that lies at a share of the way from one to the other."""
    return Point(one.x + (other.x - one.x) * share, one.y + (other.y - one.y) * share)


class Strand(NamedTuple):
    """A link's course: a cubic Bézier curve from port to port."""

    start: Point
    first: Point
    second: Point
    end: Point

    def at(self, share: float) -> Point:
        """Give the point at a share of the curve."""
        one = middle(self.start, self.first, share)
        two = middle(self.first, self.second, share)
        three = middle(self.second, self.end, share)
        return middle(middle(one, two, share), middle(two, three, share), share)


def strand(start: Point, end: Point, anchors: tuple[Point, Point]) -> Strand:
    """Lay a link's course; the links of two cards have their anchors in common, and so run side by side."""
    centre = Point(0, 0)
    first = middle(middle(*anchors, 1 / 3), centre, _BEND)
    second = middle(middle(*anchors, 2 / 3), centre, _BEND)
    return Strand(start, first, second, end)


def bounds(cards: Iterable[Card]) -> Box:
    """Give the smallest box around all cards."""
    boxes = [card.box for card in cards]
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right = max(box.x + box.width for box in boxes)
    return Box(left, top, right - left, max(box.y + box.height for box in boxes) - top)


def _angle(place: int, places: int) -> float:
    """Give where a card stands: two cards at the top, if their number is even."""
    turn = 2 * math.pi / places
    return place * turn - math.pi / 2 - (turn / 2 if places % 2 == 0 else 0)


def _radius(groups: Sequence[Sequence[Tile]], measures: Measures) -> float:
    """Give the smallest radius at which no card touches its neighbour, wherever both stand."""
    if len(groups) <= 1:
        return 0.0
    most = max(map(len, groups))
    sizes = [_size(most, measures, upright=upright) for upright in (False, True)]
    width = max(size.width for size in sizes) + measures.gap
    height = max(size.height for size in sizes) + measures.gap
    return max(_LEAST_RADIUS, _ROOM * math.hypot(width, height) / (2 * math.sin(math.pi / len(groups))))


def _size(tiles: int, measures: Measures, *, upright: bool) -> Size:
    """Give a card's size: with its tiles side by side below its head, or upright beside it."""
    chip, head = measures.chip, measures.head
    if upright:
        return Size(head.width + chip.width + 2 * _PAD, max(head.height, _row(tiles, chip.height)) + 2 * _PAD)
    return Size(max(head.width, _row(tiles, chip.width)) + 2 * _PAD, head.height + chip.height + 2 * _PAD)


def _row(chips: int, length: float) -> float:
    return chips * length + (chips - 1) * _PAD / 2


def _card(tiles: list[Tile], angle: float, radius: float, measures: Measures) -> Card:
    x, y = radius * math.cos(angle), radius * math.sin(angle)
    upright = abs(math.cos(angle)) >= abs(math.sin(angle)) * 0.999  # both are alike at half a right angle
    size = _size(len(tiles), measures, upright=upright)
    box = Box(x - size.width / 2, y - size.height / 2, *size)
    inwards = Point(-math.copysign(1, x), 0) if upright else Point(0, -math.copysign(1, y))
    chips = tuple(
        _chip(tile, box, (place - (len(tiles) - 1) / 2), inwards, measures)
        for place, tile in enumerate(tiles)
    )
    return Card(tiles[0].device, box, _head(box, inwards, measures), chips)


def _chip(tile: Tile, box: Box, steps: float, inwards: Point, measures: Measures) -> Chip:
    """Place a tile at the inner edge, so many steps from the middle of that edge."""
    chip = measures.chip
    x = box.centre.x + inwards.x * (box.width / 2 - _PAD - chip.width / 2)
    y = box.centre.y + inwards.y * (box.height / 2 - _PAD - chip.height / 2)
    x += abs(inwards.y) * steps * (chip.width + _PAD / 2)
    y += abs(inwards.x) * steps * (chip.height + _PAD / 2)
    port = Point(x + inwards.x * (chip.width / 2 + _PAD), y + inwards.y * (chip.height / 2 + _PAD))
    return Chip(tile, Box(x - chip.width / 2, y - chip.height / 2, *chip), port)


def _head(box: Box, inwards: Point, measures: Measures) -> Box:
    """Give the room for the name: what the tiles leave on the outer side."""
    chip = measures.chip
    width = box.width - abs(inwards.x) * (chip.width + _PAD)
    height = box.height - abs(inwards.y) * (chip.height + _PAD)
    x = box.x if inwards.x >= 0 else box.x + box.width - width
    y = box.y if inwards.y >= 0 else box.y + box.height - height
    return Box(x, y, width, height)
