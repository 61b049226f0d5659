"""The drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from support.machines import full_mesh, never_known, told_by, unknown_now, watched, without_gpu
from support.states import GOOD, changed, replace

from xelinkd.model.topology import Sighting, Tile, Topology
from xelinkd.simulator.machine import mesh, parse_machine
from xelinkd.state.history import History
from xelinkd.views.drawing.topology_svg import CONTENT_SECURITY_POLICY, document

if TYPE_CHECKING:
    from xelinkd.simulator.machine import Machine
    from xelinkd.state.told import State

SVG = "{http://www.w3.org/2000/svg}"
MACHINES = [
    mesh(1, 1),
    parse_machine("2x-max1100"),
    parse_machine("2x-max1550"),
    parse_machine("4x-max1100"),
    parse_machine("4x-max1550"),
    parse_machine("8x-max1550"),
    full_mesh(8, 2),
    parse_machine("16x2"),
    mesh(64, 2),
]


def drawn(state: State) -> ET.Element:
    """Read the drawing as any program would."""
    return ET.fromstring(document(state))  # noqa: S314  our own


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    """Give the elements of a class."""
    return [element for element in root.iter() if name in element.get("class", "").split()]


def strands(root: ET.Element, name: str) -> int:
    """Count the lines of a class; those of two GPUs with the same lanes are one path."""
    groups = {"link": "links", "lost": "missing"}
    inside = of_class(root, groups[name])[0]
    return sum(path.get("d", "").count("M") for path in of_class(inside, name))


def words(root: ET.Element) -> str:
    """Give all that can be read, or heard."""
    return " ".join(element.text or "" for element in root.iter() if element.tag != f"{SVG}style")


@pytest.mark.parametrize("machine", MACHINES, ids=str)
def test_every_gpu_tile_and_link_is_drawn(machine: Machine) -> None:
    """Whatever the machine has is there to see, once."""
    root = drawn(watched(machine))
    assert len(of_class(root, "card")) == machine.gpus
    assert len(of_class(root, "tile")) == len(machine.tiles)
    assert strands(root, "link") == len(machine.links)
    assert strands(root, "lost") == 0


@pytest.mark.parametrize("machine", MACHINES, ids=str)
def test_nothing_is_drawn_outside_the_picture(machine: Machine) -> None:
    """No card is cut off."""
    root = drawn(watched(machine))
    left, top, width, height = map(float, root.get("viewBox", "").split())
    for card in of_class(root, "card"):
        box = next(card.iter(f"{SVG}rect"))
        x, y, wide, high = (float(box.get(name, "")) for name in ("x", "y", "width", "height"))
        assert left < x < x + wide < left + width
        assert top < y < y + high < top + height


def test_a_missing_link_is_drawn_and_told() -> None:
    """A link that was lost is seen by its dashes and its mark, and told with the time of its loss."""
    root = drawn(watched(parse_machine("8x-max1550"), "0.0-3.0"))
    assert (strands(root, "link"), strands(root, "lost"), len(of_class(root, "cross"))) == (55, 1, 1)
    assert "0.0-3.0 missing since 07:50:00 UTC (4 lanes)" in words(root)
    assert "1 of 2" in words(of_class(root, "counts")[0])


def test_a_gpu_that_is_not_shown_any_more_keeps_its_place() -> None:
    """A GPU that vanished is drawn as missing, with its links."""
    root = drawn(without_gpu(parse_machine("8x-max1550"), 5))
    assert len(of_class(root, "card")) == 8
    assert len(of_class(root, "gone")) == 3  # the card and its two tiles
    assert "GPU 5 is not shown any more" in words(root)
    assert strands(root, "lost") == 14
    assert "also missing" in words(root)


def test_a_machine_without_links_is_told_from_an_unknown_one() -> None:
    """No links is said in words, beside the GPUs that have none; unknown is said with its reason."""
    bare = words(drawn(watched(mesh(2, 1, lanes=8).with_link("0.0-1.0", up=False))))
    assert "This machine has no XeLink" in bare
    assert "nknown" not in bare
    unknown = drawn(never_known())
    assert "The topology is unknown" in words(unknown)
    assert "refused: nothing listens on 127.0.0.1:29999" in words(unknown)
    assert not of_class(unknown, "card")
    assert "link" not in words(unknown)


def test_before_the_first_observation_nothing_is_claimed() -> None:
    """A daemon that has just started says that it knows nothing yet."""
    state = replace(GOOD, history=History(), keeping=changed(GOOD.keeping, known_at=None))
    assert "No observation has come yet." in words(drawn(state))


def test_what_was_known_is_shown_as_past() -> None:
    """While the source fails, the last topology is drawn, and said to be the last known."""
    root = drawn(unknown_now(watched(parse_machine("8x-max1550"))))
    assert "stale" in root.get("class", "").split()
    assert "Unknown since 07:55:00 UTC (refused)." in words(root)
    assert "This is what was last seen 07:54:50 UTC." in words(root)


def test_lanes_are_told_by_line_and_words() -> None:
    """Links of different lanes look different, and the key counts each kind."""
    tiles = tuple(Tile(device, 0) for device in range(7))
    links = tuple(
        Sighting(tiles[0], other, lanes, on_subdevice=True)
        for other, lanes in zip(tiles[1:], (1, 4, 8, 16, 24, 32), strict=True)
    )
    root = drawn(told_by(History(Topology(tiles, links))))
    drawn_as = [path.get("class") for path in of_class(of_class(root, "links")[0], "link")]
    assert sorted(map(str, drawn_as)) == [
        "link lanes-1",
        "link lanes-1",
        "link lanes-16",
        "link lanes-24",
        "link lanes-24",
        "link lanes-8",
    ]
    assert "1 link of 32 lanes" in words(root)
    assert "and links of fewer than 4 lanes" in words(root)


def test_few_bundles_are_all_counted_and_many_only_where_they_differ() -> None:
    """Numbers stand where they tell something, and do not cover the drawing."""
    counts = {machine: len(of_class(drawn(watched(machine)), "counts")[0]) // 2 for machine in MACHINES[4:6]}
    assert list(counts.values()) == [6, 0]
    assert "Two joined GPUs share 2 of them" in words(drawn(watched(MACHINES[5])))


def test_it_is_named_for_those_who_do_not_see_it() -> None:
    """A screen reader tells what is drawn, and what is missing."""
    root = drawn(watched(parse_machine("8x-max1550"), "0.0-3.0"))
    title, description = root.findtext(f"{SVG}title", ""), root.findtext(f"{SVG}desc", "")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "topology-title topology-description"
    assert title == "8 GPUs, 16 tiles, 55 links, 1 missing"
    assert "55 links of 4 lanes." in description
    assert "0.0-3.0 missing since" in description


def test_it_stands_alone() -> None:
    """The drawing takes nothing from elsewhere and runs nothing, and its policy allows just its own style."""
    text = document(watched(parse_machine("8x-max1550"))).decode()
    assert not [word for word in ("href", "url(", "@import", "<script", "style=") if word in text]
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; style-src 'sha256-")


def test_a_machine_that_cannot_be_is_told_in_words() -> None:
    """A page made up to be huge costs no more than a sentence."""
    tiles = tuple(Tile(device, 0) for device in range(50_000))
    content = document(told_by(History(Topology(tiles, ()))))
    assert len(content) < 5_000
    assert b"The topology cannot be drawn" in content


def test_odd_links_are_drawn_as_they_are() -> None:
    """A link to a tile that the page does not list, and one within a GPU, are drawn all the same."""
    here, there = Tile(0, 0), Tile(0, 1)
    odd = (Sighting(here, there, 4, on_subdevice=True), Sighting(here, Tile(9, 9), 4, on_subdevice=True))
    root = drawn(told_by(History(Topology((here, there), odd))))
    assert strands(root, "link") == 2
    assert "9.9" in words(root)
