"""`/topology.json`, and its description."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.machines import never_known, told_by, unknown_now, watched
from support.states import GOOD, changed, replace

from xelinkd.simulator.machine import mesh, parse_machine
from xelinkd.state.history import History, Kind, noted
from xelinkd.state.told import Fetching
from xelinkd.views.documents.topology_json import document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.state.told import State

DESCRIPTION = (Path(__file__).parents[3] / "docs" / "topology-json.md").read_text()
EXAMPLE = watched(parse_machine("2x-max1550"), "0.1-1.0")


def read(state: State) -> dict[str, Any]:
    """Read the object."""
    found: dict[str, Any] = json.loads(document(state))
    return found


def test_a_known_topology() -> None:
    """Programs get tiles and links in the form of `show`, with the moment of the last observation."""
    told = read(watched(parse_machine("2x-max1550")))
    assert (told["version"], told["known"], told["reason"]) == (1, True, None)
    assert (told["time"], told["known_at"]) == ("2027-01-15T08:00:00Z", "2027-01-15T07:59:55Z")
    assert told["tiles"] == ["0.0", "0.1", "1.0", "1.1"]
    assert told["links"] == [{"tiles": ["0.0", "1.1"], "lanes": 16}, {"tiles": ["0.1", "1.0"], "lanes": 16}]
    assert told["labels"] == ["gpu.intel.com/xe-links=0.0-1.1_0.1-1.0"]
    assert told["labels_end_at"] == "2027-01-16T07:59:55Z"


def test_missing_links_have_the_time_of_their_loss() -> None:
    """A program can tell a link that failed from one that was never there."""
    told = read(watched(parse_machine("2x-max1550"), "0.1-1.0"))
    assert told["missing"] == [{"tiles": ["0.1", "1.0"], "lanes": 16, "since": "2027-01-15T07:50:00Z"}]
    assert told["events"] == [
        {"event": "link_lost", "time": "2027-01-15T07:50:00Z", "subject": "0.1-1.0", "detail": ""}
    ]


def test_unknown_is_never_an_empty_list() -> None:
    """A program that counts links cannot take an unknown topology for a machine without links."""
    told = read(never_known())
    assert (told["known"], told["tiles"], told["links"], told["known_at"]) == (False, None, None, None)
    assert (told["reason"], told["unknown_since"]) == ("refused", "2027-01-15T07:55:00Z")
    assert told["detail"] == "nothing listens on 127.0.0.1:29999"
    assert read(watched(mesh(1, 1)))["links"] == []


def test_before_the_first_observation_it_is_unknown_without_a_reason() -> None:
    """A daemon that has just started claims nothing."""
    told = read(replace(GOOD, history=History()))
    assert (told["known"], told["reason"], told["links"]) == (False, None, None)


def test_what_was_known_last_is_told_as_such() -> None:
    """While the source fails, the last topology is there, with `known` false and of when it is."""
    told = read(unknown_now(watched(parse_machine("2x-max1550"))))
    assert (told["known"], len(told["links"]), told["known_at"]) == (False, 2, "2027-01-15T07:54:50Z")


def test_moments_that_cannot_be_do_no_harm() -> None:
    """A fetcher that was taken over and tells of the year 30 million does not take the document away."""
    assert (
        read(told_by(noted(GOOD.history, Kind.SOURCE_BACK, 1e15)))["events"][0]["time"]
        == "9999-12-31T23:59:59Z"
    )


def paths(value: object, path: str = "") -> Iterator[str]:
    """Name every field, those of objects in lists as `list[].field`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield path + name
            yield from paths(inner, f"{path}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{path[:-1]}[].")


def test_every_field_is_described() -> None:
    """Whoever reads the object finds each of its fields in the description, and no others are there."""
    everything = replace(unknown_now(EXAMPLE), fetching=changed(Fetching(), oddities=("odd",)))
    described = set(re.findall(r"^\| `(.+?)` \|", DESCRIPTION, re.MULTILINE))
    assert described == set(paths(read(everything)))


def test_the_kinds_of_changes_are_described() -> None:
    """Every kind of change that can come is in the description."""
    for kind in Kind:
        assert f"`{kind}`" in DESCRIPTION


def test_the_example_is_real() -> None:
    """The example in the description is what a daemon gives."""
    assert document(EXAMPLE).decode() == DESCRIPTION.partition("/topology.json\n")[2].partition("```")[0]
