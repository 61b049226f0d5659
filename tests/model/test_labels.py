"""Labels: which links, in which words, cut into which parts."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xelinkd.config.schema import Labels
from xelinkd.model.labels import join_value, label_lines, link_pairs, pairs_of, split_value
from xelinkd.model.topology import Sighting, Tile, Topology

_VALID_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")  # Kubernetes

_TILES = st.builds(Tile, st.integers(0, 30) | st.integers(0, 10**17), st.integers(0, 12))
_SIGHTINGS = st.builds(Sighting, _TILES, _TILES, st.integers(0, 32), st.booleans())
_TOPOLOGIES = st.builds(Topology, st.just(()), st.lists(_SIGHTINGS, max_size=80).map(tuple))
_VALUES = _TOPOLOGIES.map(lambda topology: "_".join(link_pairs(topology, Labels(allow_subdeviceless=True))))


def _topology(*sightings: Sighting) -> Topology:
    return Topology((), sightings)


def _seen(local: tuple[int, int], remote: tuple[int, int], lanes: int = 8) -> Sighting:
    return Sighting(Tile(*local), Tile(*remote), lanes, on_subdevice=True)


def test_a_link_is_written_once_where_it_is_first_seen() -> None:
    """Each link shows up from both ends on the page, and once in the labels, in the order of first sight."""
    topology = _topology(_seen((2, 0), (0, 1)), _seen((0, 0), (1, 0)), _seen((0, 1), (2, 0)))
    assert link_pairs(topology, Labels()) == ("0.1-2.0", "0.0-1.0")


def test_the_smaller_device_stands_first() -> None:
    """A link is written the same from either end; on one device the remote tile stands first, as in Go."""
    topology = _topology(_seen((10, 0), (9, 1)), _seen((3, 0), (3, 1)))
    assert link_pairs(topology, Labels()) == ("9.1-10.0", "3.1-3.0")


@pytest.mark.parametrize(
    ("rules", "pairs"),
    [
        pytest.param(Labels(), ("0.0-1.0",), id="the defaults"),
        pytest.param(Labels(min_lanes=3), ("0.0-1.0", "0.0-2.0"), id="fewer lanes"),
        pytest.param(Labels(min_lanes=5), (), id="more lanes"),
        pytest.param(Labels(allow_subdeviceless=True), ("0.0-1.0", "0.0-3.0"), id="without sub-devices"),
    ],
)
def test_rules_choose_the_links(rules: Labels, pairs: tuple[str, ...]) -> None:
    """Links that are too narrow, or of devices without tiles, are in the labels only if asked for."""
    without = Sighting(Tile(0, 0), Tile(3, 0), 8, on_subdevice=False)
    topology = _topology(_seen((0, 0), (1, 0), 4), _seen((0, 0), (2, 0), 3), without)
    assert link_pairs(topology, rules) == pairs


def test_no_links_are_one_empty_label() -> None:
    """A node that is known to have no links says so."""
    assert label_lines(_topology(), Labels(namespace="example.com")) == ("example.com/xe-links=",)


def test_parts_are_numbered_from_two() -> None:
    """Readers find the parts under the names that the Go program gives them."""
    topology = _topology(*(_seen((0, 0), (device, 0)) for device in range(1, 20)))
    names = [line.partition("=")[0] for line in label_lines(topology, Labels(namespace="a"))]
    assert names == ["a/xe-links", "a/xe-links2", "a/xe-links3"]


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        pytest.param("", ("",), id="nothing"),
        pytest.param("1" * 63, ("1" * 63,), id="just one part"),
        pytest.param("1" * 64, ("1" * 63, "Z1"), id="one more"),
        pytest.param("1" * 62 + "_2", ("1" * 62, "Z_2"), id="cut before a separator"),
        pytest.param("1" * 63 + "_2", ("1" * 63, "Z_2"), id="cut at a separator"),
        pytest.param("1" * 63 + "2" * 62, ("1" * 63, "Z" + "2" * 62), id="two full parts"),
        pytest.param("1" * 63 + "2" * 61 + "-3", ("1" * 63, "Z" + "2" * 61, "Z-3"), id="a short second part"),
    ],
)
def test_a_value_is_cut_after_an_alphanumeric_character(value: str, parts: tuple[str, ...]) -> None:
    """Each part is as long as Kubernetes allows, and ends in a character that it allows at an end."""
    assert split_value(value) == parts


@given(_VALUES)
def test_parts_join_to_the_whole(value: str) -> None:
    """Whoever joins the labels as GPU Aware Scheduling does gets every link back."""
    parts = split_value(value)
    assert join_value(parts) == value
    assert pairs_of(f"a/xe-links{n}={part}" for n, part in enumerate(parts)) == tuple(
        value.split("_") if value else ()
    )


@given(_VALUES)
def test_every_part_is_valid_for_kubernetes(value: str) -> None:
    """No label is ever dropped for its value."""
    for part in split_value(value):
        assert len(part) <= 63
        assert _VALID_VALUE.fullmatch(part)


@given(_VALUES)
def test_parts_are_as_long_as_they_can_be(value: str) -> None:
    """The cuts are those of the Go program: no part could take more of what follows."""
    for part, following in pairwise(split_value(value)):
        rest = following.removeprefix("Z")
        room = 63 - len(part)
        assert not any(char.isalnum() for char in rest[:room])
