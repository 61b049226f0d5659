"""What two sources say differently, in words."""

from __future__ import annotations

from xelinkd.model.differences import differences
from xelinkd.model.page import read_page
from xelinkd.model.topology import Topology
from xelinkd.simulator.machine import mesh
from xelinkd.simulator.page import render

NAMES = ("a", "b")


def shown(gpus: int = 2, lanes: int = 4, *down: str) -> Topology:
    """Give the topology of a machine."""
    machine = mesh(gpus, 2, lanes)
    for link in down:
        machine = machine.with_link(link, up=False)
    return read_page(render(machine)).topology


def test_the_same_has_no_difference() -> None:
    """Who sees no difference can change the source."""
    assert differences(shown(), shown(), NAMES) == ()


def test_links_and_lanes_are_told_by_name() -> None:
    """A link that only one has, and other lanes, are told with who says what."""
    assert differences(shown(2, 4, "0.0-1.0"), shown(), NAMES) == ("0.0-1.0: no link by a, 4 lanes by b",)
    told = differences(shown(2, 1), shown(2, 8), NAMES)
    assert told == ("0.0-1.0: 1 lane by a, 8 lanes by b", "0.1-1.1: 1 lane by a, 8 lanes by b")


def test_tiles_are_told() -> None:
    """A GPU that only one of them has is told, and its links with it."""
    assert differences(shown(2), shown(3), NAMES)[0] == "only b has tiles 2.0, 2.1"
    assert differences(Topology(shown(2).tiles[:3], ()), Topology(shown(2).tiles, ()), NAMES) == (
        "only b has tile 1.1",
    )


def test_cards_are_told() -> None:
    """A GPU that has another number by each of them is told by how Linux knows it."""
    first, second = shown().cards
    swapped = Topology(shown().tiles, shown().sightings, (first._replace(dev_file="card7"), second))
    (told,) = differences(swapped, shown(), NAMES)
    assert told == f"GPU 0 is card7 at {first.pci_bdf} by a, card1 at {first.pci_bdf} by b"
    assert differences(Topology(shown().tiles, shown().sightings), shown(), NAMES) == ()


def test_order_is_a_difference() -> None:
    """Readers of the labels take the first link that fits, so another order is told."""
    other = Topology(shown().tiles, shown().sightings[::-1])
    assert differences(shown(), other, NAMES) == (
        "the links come in another order: readers of the labels may take another one first",
    )


def test_what_only_one_end_tells_is_told() -> None:
    """Other lanes at one end, an end that is not seen, a sub-device: nothing is passed over."""
    first, *rest = shown().sightings
    fewer = Topology(shown().tiles, tuple(rest))
    told = f"{first.local}-{first.remote}: only b sees it from {first.local}"
    assert differences(fewer, shown(), NAMES) == (told,)
    assert differences(shown(), fewer, NAMES[::-1]) == (told,)
    more = Topology(shown().tiles, (first._replace(lanes=9), *rest))
    assert differences(more, shown(), NAMES) == (
        f"{first.local}-{first.remote}, seen from {first.local}: 9 lanes by a, 4 lanes by b",
    )
    whole = Topology(shown().tiles, (first._replace(on_subdevice=False), *rest))
    assert differences(whole, shown(), NAMES) == (
        f"{first.local} is a sub-device by b, and a whole GPU by a",
    )
