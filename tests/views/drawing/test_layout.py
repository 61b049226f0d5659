"""Where cards and tiles stand."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

import pytest

from xelinkd.model.topology import Tile
from xelinkd.views.drawing.layout import Point, arrange, bounds, middle, strand

if TYPE_CHECKING:
    from xelinkd.views.drawing.layout import Box, Card

HAIR = 1e-6  # less than anybody sees
SHAPES = [(1, 1), (1, 4), (2, 1), (2, 2), (3, 2), (4, 2), (5, 1), (8, 2), (16, 2), (16, 4), (17, 1), (64, 2)]


def cards_of(gpus: int, tiles: int) -> tuple[Card, ...]:
    """Arrange a machine."""
    return arrange(Tile(*ids) for ids in product(range(gpus), range(tiles)))


def overlap(one: Box, other: Box) -> bool:
    """Tell whether two boxes share more than an edge."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > HAIR and down > HAIR


def holds(outer: Box, inner: Box) -> bool:
    """Tell whether a box is inside another."""
    left, top = inner.x - outer.x, inner.y - outer.y
    return left >= 0 <= top and left + inner.width <= outer.width and top + inner.height <= outer.height


@pytest.mark.parametrize(("gpus", "tiles"), SHAPES)
def test_no_card_hides_another(gpus: int, tiles: int) -> None:
    """Every GPU is seen whole, on every machine."""
    cards = cards_of(gpus, tiles)
    assert [card.device for card in cards] == list(range(gpus))
    assert not any(overlap(one.box, other.box) for one, other in combinations(cards, 2))


@pytest.mark.parametrize(("gpus", "tiles"), SHAPES)
def test_tiles_and_name_stand_apart_in_their_card(gpus: int, tiles: int) -> None:
    """Every tile and every name can be read."""
    for card in cards_of(gpus, tiles):
        inside = [chip.box for chip in card.chips]
        assert all(holds(card.box, box) for box in inside)
        assert not any(overlap(one, other) for one, other in combinations(inside, 2))
        assert not any(overlap(box, card.head) for box in inside)


@pytest.mark.parametrize(("gpus", "tiles"), SHAPES[2:])
def test_links_end_at_the_inner_edge(gpus: int, tiles: int) -> None:
    """No link crosses the card that it ends at."""
    for card in cards_of(gpus, tiles):
        for chip in card.chips:
            assert abs(chip.port.x) < abs(card.box.centre.x) or abs(chip.port.y) < abs(card.box.centre.y)
            box = card.box
            on_side = min(abs(chip.port.x - box.x), abs(chip.port.x - box.x - box.width)) < HAIR
            on_level = min(abs(chip.port.y - box.y), abs(chip.port.y - box.y - box.height)) < HAIR
            assert on_side != on_level


def test_gpus_are_found_by_their_numbers() -> None:
    """The first GPU is at the upper left, and the others follow clockwise."""
    upper_left, upper_right, lower_right, lower_left = (card.box.centre for card in cards_of(4, 2))
    assert upper_left.x < 0 < upper_right.x
    assert upper_left.y < 0 < lower_right.y
    assert lower_left.x < 0 < lower_right.x


def test_a_device_without_some_numbers_keeps_its_own() -> None:
    """GPUs and tiles keep the numbers that XPU Manager gives them, with or without gaps."""
    cards = arrange([Tile(7, 3), Tile(2, 0), Tile(7, 1)])
    assert [[chip.tile for chip in card.chips] for card in cards] == [[Tile(2, 0)], [Tile(7, 1), Tile(7, 3)]]


def test_a_strand_leads_from_port_to_port() -> None:
    """A link is drawn from the one tile to the other."""
    course = strand(Point(-10, 4), Point(10, 6), (Point(-10, 5), Point(10, 5)))
    assert (course.at(0), course.at(1)) == (Point(-10, 4), Point(10, 6))
    assert -10 < course.at(0.4).x < 10


def test_bounds_hold_everything() -> None:
    """Nothing is drawn outside the picture."""
    cards = cards_of(8, 2)
    box = bounds(cards)
    assert all(holds(box, card.box) for card in cards)
    assert middle(Point(0, 0), Point(4, 2)) == Point(2, 1)
