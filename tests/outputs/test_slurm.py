"""The lines for Slurm's gres.conf."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from support.any_machine import machines
from support.pages import recorded

from xelinkd.config.schema import Output
from xelinkd.model.page import read_page
from xelinkd.model.topology import Card, Sighting, Tile, Topology
from xelinkd.outputs.format import NotToldError, PlainOptions, Snapshot
from xelinkd.outputs.slurm import MARK, render
from xelinkd.simulator.page import render as page_of

if TYPE_CHECKING:
    from xelinkd.simulator.machine import Machine

NAMED = Output(format="slurm", file=Path("/nowhere"), gpu_type="max1550")
LINE = re.compile(r"Name=gpu Type=max1550 File=/dev/dri/(card\d+) Links=(-?\d+(?:,-?\d+)*)")

MESH_8X2 = """\
Name=gpu Type=max1550 File=/dev/dri/card1 Links=-1,16,16,16,16,16,16,16
Name=gpu Type=max1550 File=/dev/dri/card2 Links=16,-1,16,16,16,16,16,16
Name=gpu Type=max1550 File=/dev/dri/card3 Links=16,16,-1,16,16,16,16,16
Name=gpu Type=max1550 File=/dev/dri/card4 Links=16,16,16,-1,16,16,16,16
Name=gpu Type=max1550 File=/dev/dri/card5 Links=16,16,16,16,-1,16,16,16
Name=gpu Type=max1550 File=/dev/dri/card6 Links=16,16,16,16,16,-1,16,16
Name=gpu Type=max1550 File=/dev/dri/card7 Links=16,16,16,16,16,16,-1,16
Name=gpu Type=max1550 File=/dev/dri/card8 Links=16,16,16,16,16,16,16,-1
"""
MESH_4X2 = """\
Name=gpu Type=max1550 File=/dev/dri/card1 Links=-1,32,32,32
Name=gpu Type=max1550 File=/dev/dri/card2 Links=32,-1,32,32
Name=gpu Type=max1550 File=/dev/dri/card3 Links=32,32,-1,32
Name=gpu Type=max1550 File=/dev/dri/card4 Links=32,32,32,-1
"""
BRIDGE = """\
Name=gpu Type=max1550 File=/dev/dri/card1 Links=-1,8
Name=gpu Type=max1550 File=/dev/dri/card2 Links=8,-1
"""
ALONE = "Name=gpu Type=max1550 File=/dev/dri/card1 Links=-1\n"


def seen(topology: Topology) -> Snapshot:
    """Give what the lines are made from."""
    return Snapshot(topology, None, ())


def lines(topology: Topology) -> str:
    """Give the lines without the comments above them."""
    text = render(seen(topology), NAMED).decode()
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def linked(*links: tuple[int, int, int], cards: dict[int, tuple[str, str]]) -> Topology:
    """Give GPUs of one tile: which are linked with how many lanes, and their files and PCI addresses."""
    both = [(a, b, lanes) for a, b, lanes in links] + [(b, a, lanes) for a, b, lanes in links]
    sightings = (Sighting(Tile(a, 0), Tile(b, 0), lanes, on_subdevice=False) for a, b, lanes in both)
    return Topology(
        tuple(Tile(device, 0) for device in cards),
        tuple(sightings),
        tuple(Card(device, *names) for device, names in cards.items()),
    )


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("max1550-8x2-mesh", MESH_8X2),
        ("max1550-4x2-mesh", MESH_4X2),
        ("max1100-2x1-bridge", BRIDGE),
        ("max1550-1x2-nolink", ALONE),
    ],
)
def test_lines_of_real_machines(page: str, expected: str) -> None:
    """Each GPU of a real page has its line, with the lanes of all its tiles to each other GPU."""
    assert lines(read_page(recorded(page)).topology) == expected


def test_comments_say_what_slurm_needs() -> None:
    """Whoever finds the file learns whose it is, and what it does not go with."""
    head, *rest = render(seen(read_page(recorded("max1550-4x2-mesh")).topology), PlainOptions()).splitlines(
        keepends=True
    )
    assert head == MARK
    comments = b"".join(line for line in rest if line.startswith(b"#")).decode()
    assert "AutoDetect=off" in comments
    assert "scontrol reconfigure" in comments
    assert rest[-1] == b"Name=gpu File=/dev/dri/card4 Links=32,32,32,-1\n"


def test_order_is_that_of_pci_addresses() -> None:
    """Slurm numbers GPUs by PCI address, whatever XPU Manager calls them; as numbers, not as text."""
    cards = {
        0: ("card3", "10000:01:00.0"),
        1: ("card0", "0000:9a:00.0"),
        2: ("card10", "0000:0B:00.1"),
        3: ("card2", "0000:0b:00.0"),
    }
    assert lines(linked((0, 1, 5), (2, 3, 7), (1, 2, 3), cards=cards)) == (
        "Name=gpu Type=max1550 File=/dev/dri/card2 Links=-1,7,0,0\n"
        "Name=gpu Type=max1550 File=/dev/dri/card10 Links=7,-1,3,0\n"
        "Name=gpu Type=max1550 File=/dev/dri/card0 Links=0,3,-1,5\n"
        "Name=gpu Type=max1550 File=/dev/dri/card3 Links=0,0,5,-1\n"
    )


def test_gpus_without_links() -> None:
    """GPUs that nothing joins are 0 to each other, as Slurm's own detection has it."""
    cards = {n: (f"card{n}", f"0000:0{n}:00.0") for n in range(3)}
    assert re.findall("Links=(.*)", lines(linked(cards=cards))) == ["-1,0,0", "0,-1,0", "0,0,-1"]


def test_more_lanes_than_slurm_counts() -> None:
    """No number is larger than Slurm takes: it would refuse the line."""
    cards = {n: (f"card{n}", f"0000:0{n}:00.0") for n in range(2)}
    assert re.findall("Links=(.*)", lines(linked((0, 1, 2**63), cards=cards))) == ["-1,1023", "1023,-1"]


GOOD = {0: ("card0", "0000:01:00.0"), 1: ("card1", "0000:02:00.0")}


@pytest.mark.parametrize(
    ("topology", "words"),
    [
        (
            Topology((Tile(0, 0), Tile(1, 0)), ()),
            "file and PCI address of GPU 0, 1: XPU Manager's metrics page",
        ),
        (Topology((Tile(0, 0), Tile(1, 0)), (), (Card(0, *GOOD[0]),)), "PCI address of GPU 1: "),
        (linked(cards={0: GOOD[0], 1: ("card0", "0000:02:00.0")}), "the same file: card0"),
        (linked(cards={0: ("card0", "0000:0A:00.0"), 1: ("card1", "0000:0a:00.0")}), "the same PCI address"),
        (
            Topology((Tile(0, 0),), (), tuple(Card(0, f"card{n}", f"{n:04x}:00:00.0") for n in range(9999))),
            "two GPUs have the same number: 0",
        ),
        (Topology(tuple(Tile(n, 0) for n in range(129)), ()), "129 GPUs are more than any node has"),
    ],
)
def test_what_is_not_told_is_not_guessed(topology: Topology, words: str) -> None:
    """Lines that would lead jobs to the wrong GPU are not made, and the reason is told."""
    with pytest.raises(NotToldError) as caught:
        render(seen(topology), NAMED)
    assert words in str(caught.value)


@given(machines())
def test_links_are_square_and_the_same_from_both_sides(machine: Machine) -> None:
    """Whatever the machine, a line has a number for each GPU, -1 once, and both directions have the same."""
    found = [LINE.fullmatch(line) for line in lines(read_page(page_of(machine)).topology).splitlines()]
    rows = [[int(number) for number in line[2].split(",")] for line in found if line]
    assert len(rows) == len(found) == machine.gpus
    assert all(len(row) == machine.gpus for row in rows)
    assert all((number == -1) == (a == b) for a, row in enumerate(rows) for b, number in enumerate(row))
    assert all(rows[a][b] == rows[b][a] for a in range(machine.gpus) for b in range(machine.gpus))
    assert all(-1 <= number <= 1023 for row in rows for number in row)
    up = [link for link in machine.links if link not in machine.down]
    assert sum(number for row in rows for number in row if number > 0) == 2 * machine.lanes * len(up)
