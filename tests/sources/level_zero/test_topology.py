"""The topology by Level Zero, beside the one that XPU Manager gives of the same machine."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from standins.level_zero import DEGRADED, DISABLED, FAILED, Node
from xelinkd.config.schema import Labels
from xelinkd.model.labels import label_lines
from xelinkd.model.page import Page, read_page
from xelinkd.simulator.machine import PRESETS, Link, Machine, mesh, parse_machine
from xelinkd.simulator.page import render

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn


def seen_on(node: Node) -> Page:
    """Ask Level Zero; it has to know."""
    outcome = node.source().look().outcome
    assert isinstance(outcome, Page), outcome
    return outcome


@st.composite
def machines(draw: DrawFn) -> Machine:
    """Make machines of all kinds, some of their links down, some of more GPUs than a bus has numbers."""
    made = mesh(draw(st.integers(1, 11)), draw(st.integers(1, 3)), draw(st.integers(1, 26)))
    pairs = [Link(a, b) for a in made.tiles for b in made.tiles if a.device < b.device]
    links = frozenset(draw(st.lists(st.sampled_from(pairs), max_size=20, unique=True)) if pairs else ())
    down = frozenset(draw(st.lists(st.sampled_from(sorted(links)), max_size=5)) if links else ())
    return replace(made, links=links, down=down)


@pytest.mark.parametrize("name", [*PRESETS, "1x2", "1x1", "16x4"])
def test_platforms_have_the_topology_of_their_page(name: str, tmp_path: Path) -> None:
    """Whoever changes the source of a node finds each pair of tiles, each lane and the order as before."""
    machine = parse_machine(name)
    page = read_page(render(machine))
    found = seen_on(Node(tmp_path / "node", machine))
    assert (found.rows, found.topology, found.gap) == (page.rows, page.topology, None)


@settings(max_examples=25, deadline=None)
@given(
    machine=machines(),
    status=st.sampled_from([DEGRADED, FAILED, DISABLED]),
    reverse=st.integers(0, 1),
    rules=st.builds(
        Labels, min_lanes=st.integers(0, 9), allow_subdeviceless=st.booleans(), summary=st.booleans()
    ),
)
def test_any_machine_has_the_topology_of_its_page(
    machine: Machine, status: int, reverse: int, rules: Labels
) -> None:
    """No shape, no link that is down and no order in which GPUs are found makes for other labels."""
    page = read_page(render(machine))
    with TemporaryDirectory() as folder:
        node = Node(Path(folder) / "node", machine)
        node.tell(machine, status_of_down=status, reverse=reverse)
        found = seen_on(node)
    assert found.rows == page.rows
    assert label_lines(found.topology, rules) == label_lines(page.topology, rules)


def test_the_order_is_that_of_the_kernels_cards(node: Node) -> None:
    """Where cards are numbered in another way than GPUs, links come in the order of XPU Manager's page."""
    for gpu, card in enumerate((7, 0, 10)):
        drm = node.sysfs / "class" / "drm" / f"card{gpu + 1}"
        drm.rename(drm.with_name(f"card{card}.new"))
    for drm in node.sysfs.glob("class/drm/*.new"):
        drm.rename(drm.with_suffix(""))
    page = read_page(render(node.machine))
    found = seen_on(node)
    assert [seen.local.device for seen in found.topology.sightings] == [1] * 4 + [2] * 4 + [0] * 4
    assert set(found.topology.sightings) == set(page.topology.sightings)


def test_outputs_get_how_linux_knows_each_gpu(node: Node) -> None:
    """Lines for Slurm are the same as from XPU Manager's page, files and addresses included."""
    found, page = seen_on(node).topology, read_page(render(node.machine)).topology
    assert found.cards == page.cards
    assert len(found.cards) == 3


def test_a_reading_that_is_known_is_recognised(node: Node) -> None:
    """A steady machine costs no new topology at each reading."""
    source = node.source()
    first = source.look().outcome
    assert isinstance(first, Page)
    assert source.look(first).outcome is first


def test_each_reading_sees_the_machine_as_it_is(node: Node) -> None:
    """A link that goes down shows at the next reading: nothing remembers what was there."""
    source = node.source()
    source.look()
    node.tell(node.machine.with_link("0.0-1.0", up=False))
    outcome = source.look().outcome
    assert isinstance(outcome, Page)
    assert len(outcome.topology.lanes_by_link()) == 5
