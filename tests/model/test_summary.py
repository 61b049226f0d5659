"""The summary: what it tells of the links that are labels, and in which words."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from xelinkd.config.schema import Labels
from xelinkd.model import clique, summary
from xelinkd.model.feature_file import FeatureFile, TooLargeError, read, render
from xelinkd.model.labels import group_is_unknown, label_lines, link_lines, pairs_of, summary_of
from xelinkd.model.page import read_page
from xelinkd.model.topology import Sighting, Tile, Topology
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.page import render as page_of

ON = Labels(summary=True)

_NUMBER = re.compile(r"0|[1-9][0-9]*")  # what node affinity's Gt and Lt compare
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")  # of a label, Kubernetes 1.30
_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")

_TILES = st.builds(Tile, st.integers(0, 6), st.integers(0, 2))
_SIGHTINGS = st.builds(Sighting, _TILES, _TILES, st.integers(0, 16), st.booleans())
_TOPOLOGIES = st.builds(
    Topology, st.lists(_TILES, max_size=9).map(tuple), st.lists(_SIGHTINGS, max_size=40).map(tuple)
)
_RULES = st.builds(
    Labels, min_lanes=st.integers(0, 9), allow_subdeviceless=st.booleans(), summary=st.just(value=True)
)


def _topology(gpus: int, *links: tuple[int, int, int]) -> Topology:
    """Give GPUs of one tile, and links of so many lanes between them."""
    tiles = tuple(Tile(gpu, 0) for gpu in range(gpus))
    return Topology(
        tiles, tuple(Sighting(tiles[a], tiles[b], lanes, on_subdevice=True) for a, b, lanes in links)
    )


def _told(topology: Topology, rules: Labels = ON) -> dict[str, str]:
    labels = (label.partition("=") for label in summary_of(label_lines(topology, rules)))
    return {name.removeprefix("xelink-"): value for name, _, value in labels}


def _all(gpus: int) -> Topology:
    return _topology(gpus, *((a, b, 8) for a, b in combinations(range(gpus), 2)))


@pytest.mark.parametrize(
    ("topology", "told"),
    [
        pytest.param(
            _all(4),
            {"count": "6", "min-lanes": "8", "largest-group": "4", "all-linked": "true"},
            id="all linked",
        ),
        pytest.param(
            _topology(4, (0, 1, 24), (2, 3, 16)),
            {"count": "2", "min-lanes": "16", "largest-group": "2", "all-linked": "false"},
            id="two pairs",
        ),
        pytest.param(
            _topology(4, (0, 1, 8), (0, 2, 8), (0, 3, 8), (1, 2, 8), (1, 3, 8)),
            {"count": "5", "min-lanes": "8", "largest-group": "3", "all-linked": "false"},
            id="one link missing",
        ),
        pytest.param(
            _topology(3), {"count": "0", "largest-group": "1", "all-linked": "false"}, id="no links: no lanes"
        ),
        pytest.param(
            _topology(2, (0, 1, 3)),
            {"count": "0", "largest-group": "1", "all-linked": "false"},
            id="too narrow",
        ),
        pytest.param(_topology(1), {"count": "0", "largest-group": "1", "all-linked": "false"}, id="one GPU"),
        pytest.param(
            _topology(1, (0, 0, 8)),
            {"count": "1", "min-lanes": "8", "largest-group": "1", "all-linked": "false"},
            id="a link inside one GPU",
        ),
        pytest.param(
            Topology((), (*_topology(3, (0, 1, 8), (2, 2, 8)).sightings,)),
            {"count": "2", "min-lanes": "8", "largest-group": "2", "all-linked": "false"},
            id="a GPU that only its own link names",
        ),
        pytest.param(_topology(0), {"count": "0", "largest-group": "0", "all-linked": "false"}, id="no GPU"),
        pytest.param(
            _topology(2, (0, 1, 8), (1, 0, 6)),
            {"count": "1", "min-lanes": "6", "largest-group": "2", "all-linked": "true"},
            id="ends that differ: the fewer",
        ),
        pytest.param(
            _topology(2, (0, 1, 8), (1, 0, 2)),
            {"count": "1", "min-lanes": "8", "largest-group": "2", "all-linked": "true"},
            id="an end too narrow for xe-links",
        ),
        pytest.param(
            _all(65),
            {"count": "2080", "min-lanes": "8", "all-linked": "true"},
            id="too many GPUs for a group",
        ),
    ],
)
def test_what_is_told(topology: Topology, told: dict[str, str]) -> None:
    """Schedulers find numbers where they are known, and no label where they are not."""
    assert _told(topology) == told


@pytest.mark.parametrize(
    ("machine", "rules", "told"),
    [
        ("2x2", ON, ("2", "2", "true")),
        ("8x-max1550", ON, ("56", "8", "true")),
        ("4x-max1100", Labels(summary=True, allow_subdeviceless=True), ("2", "2", "false")),
        ("4x-max1100", ON, ("0", "1", "false")),
    ],
)
def test_machines(machine: str, rules: Labels, told: tuple[str, str, str]) -> None:
    """The platforms that there are get what the documentation says."""
    found = _told(read_page(page_of(parse_machine(machine))).topology, rules)
    assert (found["count"], found["largest-group"], found["all-linked"]) == told


@given(_TOPOLOGIES, _RULES)
def test_it_tells_the_same_as_the_links(topology: Topology, rules: Labels) -> None:
    """Whoever joins xe-links and counts gets exactly what the summary says."""
    lines = label_lines(topology, rules)
    pairs, told = pairs_of(lines), _told(topology, rules)
    assert lines[: len(link_lines(lines))] == label_lines(topology, replace(rules, summary=False))
    linked = {frozenset(end.partition(".")[0] for end in pair.split("-")) for pair in pairs}
    gpus = {str(tile.device) for tile in topology.tiles} | {gpu for link in linked for gpu in link}
    groups = (group for n in range(len(gpus), 0, -1) for group in combinations(gpus, n))
    joined = (
        len(group) for group in groups if all(frozenset(pair) in linked for pair in combinations(group, 2))
    )
    largest = next(joined, 0)
    assert told["count"] == str(len(pairs))
    assert ("min-lanes" in told) == bool(pairs)
    assert int(told.get("min-lanes", rules.min_lanes)) >= rules.min_lanes
    assert told["largest-group"] == str(largest)
    assert told["all-linked"] == ("true" if largest == len(gpus) > 1 else "false")


@given(_TOPOLOGIES, _RULES)
def test_names_and_values_are_valid(topology: Topology, rules: Labels) -> None:
    """Kubernetes and Node Feature Discovery take every label; Gt and Lt can compare every number."""
    labels = summary_of(label_lines(topology, rules))
    for name, _, value in (label.partition("=") for label in labels):
        assert _NAME.fullmatch(name)
        assert _VALUE.fullmatch(value)
        assert value in {"true", "false"} if name == summary.ALL_LINKED else _NUMBER.fullmatch(value)
    assert {label.partition("=")[0] for label in labels} <= set(summary.NAMES)


def test_no_reader_joins_the_names() -> None:
    """GPU Aware Scheduling joins what begins with xe-links, and has names of its own: ours are others."""
    assert not any(name.startswith("xe-links") for name in summary.NAMES)
    assert set(summary.NAMES).isdisjoint(
        {"gpus", "cards", "gpu-numbers", "tiles", "millicores", "memory.max"}
    )


def test_off_is_as_ever() -> None:
    """Without the option there are the labels of Intel's sidecar alone, and nothing is searched."""
    clique.largest_group.cache_clear()
    assert label_lines(_topology(2, (0, 1, 8)), Labels()) == ("gpu.intel.com/xe-links=0.0-1.0",)
    assert clique.largest_group.cache_info().misses == 0


def test_an_unknown_group_is_noticed() -> None:
    """It can be said that the largest group is left out; without a summary there is nothing to say."""
    assert group_is_unknown(label_lines(_all(65), ON))
    assert not group_is_unknown(label_lines(_all(5), ON))
    assert not group_is_unknown(label_lines(_all(65), Labels()))


def test_too_many_links_are_refused_as_ever() -> None:
    """With a summary, too, no file is written that Node Feature Discovery would ignore."""
    with pytest.raises(TooLargeError):
        render(FeatureFile(label_lines(_all(200), ON), 0))


@given(_TOPOLOGIES, _RULES, st.none() | st.integers(0, 2**33))
def test_a_file_with_a_summary_is_ours(topology: Topology, rules: Labels, expiry: int | None) -> None:
    """A restart adopts the summary with the links."""
    file = FeatureFile(label_lines(topology, rules), expiry)
    assert read(render(file)) == file


_FILE = "\n".join(label_lines(_all(3), ON)) + "\n"


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        pytest.param("gpu.intel.com/xelink-count=3\n", "", id="no count"),
        pytest.param("xelink-count=3", "xelink-count=2", id="another count than the links'"),
        pytest.param("xelink-count=3", "xelink-count=03", id="a zero before the number"),
        pytest.param("gpu.intel.com/xelink-all-linked=true\n", "", id="cut"),
        pytest.param("all-linked=true", "all-linked=yes", id="another word"),
        pytest.param("gpu.intel.com/xelink-min", "intel.com/xelink-min", id="another namespace"),
        pytest.param("min-lanes=8", "min-lanes=" + "8" * 64, id="a number that is too long"),
        pytest.param("min-lanes=8", "min-lanes=8 9", id="two numbers"),
        pytest.param("min-lanes", "other", id="another name"),
        pytest.param("=true\n", "=true\ngpu.intel.com/xelink-all-linked=true\n", id="a line too many"),
    ],
)
def test_what_is_not_quite_a_summary_is_foreign(part: str, instead: str) -> None:
    """Labels that somebody edited or added are never taken over as ours."""
    assert part in _FILE
    assert read(_FILE.replace(part, instead).encode()) is None


def test_a_summary_among_the_links_is_foreign() -> None:
    """The links come first, as we write them."""
    lines = _FILE.splitlines()
    assert read("\n".join([*lines[1:], lines[0]]).encode()) is None
