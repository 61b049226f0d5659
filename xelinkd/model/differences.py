"""What two sources say differently of the same machine, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from xelinkd.model.words import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.model.topology import Card, Tile, Topology

Names = tuple[str, str]
"""What the two sources are called."""

_MOST: Final = 8


def differences(one: Topology, other: Topology, names: Names) -> tuple[str, ...]:
    """Give a sentence for each difference; none, if the same labels follow from both whatever the rules."""
    found = (*_of_tiles(one, other, names), *_of_cards(one, other, names), *_of_links(one, other, names))
    return found or tuple(_of_sightings(one, other, names))


def _of_tiles(one: Topology, other: Topology, names: Names) -> Iterator[str]:
    for mine, others, name in ((one, other, names[0]), (other, one, names[1])):
        if alone := [str(tile) for tile in mine.tiles if tile not in others.tiles]:
            yield f"only {name} has {'tiles' if alone[1:] else 'tile'} {listed(alone, _MOST)}"


def _of_cards(one: Topology, other: Topology, names: Names) -> Iterator[str]:
    """Tell of GPUs that Linux knows otherwise; REST does not tell how."""
    there = {card.device: card for card in other.cards}
    for card in one.cards:
        if (found := there.get(card.device, card)) != card:
            told = f"{_place(card)} by {names[0]}, {_place(found)} by {names[1]}"
            yield f"GPU {card.device} is {told}"


def _of_links(one: Topology, other: Topology, names: Names) -> Iterator[str]:
    lanes, others = one.lanes_by_link(), other.lanes_by_link()
    for link in sorted(lanes.keys() | others.keys()):
        if lanes.get(link) != others.get(link):
            told = (
                f"{_lanes(side.get(link))} by {name}"
                for side, name in zip((lanes, others), names, strict=True)
            )
            yield f"{_name(link)}: {', '.join(told)}"


def _of_sightings(one: Topology, other: Topology, names: Names) -> Iterator[str]:
    """Tell what is left when tiles and links are the same."""
    if one.sightings == other.sightings:
        return
    if Counter(one.sightings) == Counter(other.sightings):
        yield "the links come in another order: readers of the labels may take another one first"
        return
    ends = [{(seen.local, seen.remote): seen for seen in side.sightings} for side in (one, other)]
    for pair in sorted(ends[0].keys() | ends[1].keys()):
        here, there = (side.get(pair) for side in ends)
        if here is None or there is None:
            yield f"{_name(pair)}: only {names[here is None]} sees it from {pair[0]}"
        elif here.lanes != there.lanes:
            lanes = f"{_lanes(here.lanes)} by {names[0]}, {_lanes(there.lanes)} by {names[1]}"
            yield f"{_name(pair)}, seen from {pair[0]}: {lanes}"
        elif here.on_subdevice != there.on_subdevice:
            with_them, without = names if here.on_subdevice else names[::-1]
            yield f"{pair[0]} is a sub-device by {with_them}, and a whole GPU by {without}"


def _place(card: Card) -> str:
    return f"{card.dev_file} at {card.pci_bdf}"


def _name(link: tuple[Tile, Tile]) -> str:
    return f"{link[0]}-{link[1]}"


def _lanes(lanes: int | None) -> str:
    return "no link" if lanes is None else count(lanes, "lane")
