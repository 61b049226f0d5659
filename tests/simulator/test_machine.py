"""Machines: presets, shapes, and links that go down."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xelinkd.model.topology import Tile
from xelinkd.simulator.machine import PRESETS, Connection, Machine, mesh, pairs, parse_machine

# Platform, tiles, links, lanes of each link: "Typical platforms" of Intel's guides.
PLATFORMS = [
    ("8x-max1550", 16, 56, 4),
    ("6x-max1550", 12, 30, 4),
    ("4x-max1550", 8, 12, 8),
    ("2x-max1550", 4, 2, 16),
    ("2x-max1100", 2, 1, 24),
    ("4x-max1100", 4, 2, 24),
]


def rows(machine: Machine) -> dict[tuple[str, str], tuple[Connection, int]]:
    """Give connection and lanes by the names of both tiles."""
    return {(str(pair.local), str(pair.remote)): (pair.connection, pair.lanes) for pair in pairs(machine)}


@pytest.mark.parametrize(("name", "tiles", "links", "lanes"), PLATFORMS)
def test_a_platform_has_its_tiles_and_links(name: str, tiles: int, links: int, lanes: int) -> None:
    """Each named platform has as many tiles, links and lanes as the real one."""
    square = list(pairs(Machine.preset(name)))
    seen = [pair for pair in square if pair.connection is Connection.XELINK]
    assert (len(square), len(seen), {pair.lanes for pair in seen}) == (tiles**2, links * 2, {lanes})


def test_every_platform_is_checked() -> None:
    """No platform is offered whose links nobody checked."""
    assert [name for name, *_ in PLATFORMS] == list(PRESETS)


def test_two_planes() -> None:
    """In a mesh, a tile is linked to the tiles of its own index on all other GPUs."""
    seen = rows(parse_machine("3x2"))
    assert [remote for (local, remote), (kind, _) in seen.items() if local == "1.1" and kind == 1] == [
        "0.1",
        "2.1",
    ]
    assert seen["1.1", "2.0"] == (Connection.TRANSIT, 0)
    assert seen["1.1", "1.0"] == (Connection.SAME_GPU, 0)
    assert seen["1.1", "1.1"] == (Connection.SELF, 0)


def test_the_vendor_guide_example() -> None:
    """Two Max 1550 are linked crosswise, and their tiles of the same index are XL*."""
    seen = rows(Machine.preset("2x-max1550"))
    assert seen["0.0", "1.1"] == seen["0.1", "1.0"] == (Connection.XELINK, 16)
    assert seen["0.0", "1.0"] == seen["0.1", "1.1"] == (Connection.TRANSIT, 0)


def test_bridged_pairs() -> None:
    """Four Max 1100 are two pairs, each at a socket of its own."""
    seen = rows(Machine.preset("4x-max1100"))
    assert seen["0.0", "1.0"] == seen["2.0", "3.0"] == (Connection.XELINK, 24)
    assert seen["0.0", "2.0"] == seen["1.0", "3.0"] == (Connection.SYS, 0)


@given(gpus=st.integers(1, 5), tiles=st.integers(1, 3), data=st.data())
def test_a_machine_is_a_full_square_seen_alike_from_both_ends(
    gpus: int, tiles: int, data: st.DataObject
) -> None:
    """Whatever links are down, each pair of tiles has a row, and both ends tell the same."""
    machine = mesh(gpus, tiles)
    names = sorted(map(str, machine.links))
    for name in data.draw(st.lists(st.sampled_from(names))) if names else ():
        machine = machine.with_link(name, up=False)
    seen = rows(machine)
    assert len(seen) == (gpus * tiles) ** 2
    assert all(seen[remote, local] == what for (local, remote), what in seen.items())
    linked = sum(kind is Connection.XELINK for kind, _ in seen.values())
    assert linked == 2 * len(machine.links - machine.down)


@pytest.mark.parametrize(
    ("machine", "link", "kind"),
    [
        (mesh(4, 2), "0.0-3.0", Connection.TRANSIT),  # the other plane still joins the two GPUs
        (mesh(4, 1), "0.0-1.0", Connection.NODE),
        (mesh(4, 1), "0.0-3.0", Connection.SYS),
    ],
)
def test_a_lost_link_shows_as_another_connection(machine: Machine, link: str, kind: Connection) -> None:
    """A link that is down stays on the page, from both ends, as a connection without lanes."""
    local, remote = link.split("-")
    lost = rows(machine.with_link(link, up=False))
    assert lost[local, remote] == lost[remote, local] == (kind, 0)
    before = rows(machine)
    assert [pair for pair in before if before[pair] != lost[pair]] == [(local, remote), (remote, local)]


def test_a_link_comes_back() -> None:
    """A link may be named from either end, taken down twice and brought back: the machine is as before."""
    machine = parse_machine("8x-max1550")
    down = machine.with_link("3.0-0.0", up=False)
    assert down == machine.with_link("0.0-3.0", up=False) == down.with_link("0.0-3.0", up=False)
    assert down.with_link("0.0-3.0", up=True) == machine == machine.with_link("0.0-3.0", up=True)


@pytest.mark.parametrize("name", ["0.0-1.1", "0.0-9.0", "0.0-0.0", "", "0.0", "0.0-", "a-b", "00.0-1.0", "²"])
def test_an_unknown_link_is_refused(name: str) -> None:
    """Whoever names a link that does not exist reads which ones do."""
    with pytest.raises(ValueError, match=re.escape(f"no link {name!r}: this machine has 0.0-1.0, 0.1-1.1")):
        parse_machine("2x2").with_link(name, up=False)


def test_a_machine_without_links_says_so() -> None:
    """On a machine with one GPU, the answer to any link's name is that it has none."""
    with pytest.raises(ValueError, match="this machine has no links"):
        parse_machine("1x2").with_link("0.0-1.0", up=True)


@pytest.mark.parametrize("text", ["1x1", "16x4", "4x2"])
def test_a_shape_is_a_mesh(text: str) -> None:
    """Any shape within the limits gives a machine with that many GPUs and tiles, linked with 4 lanes."""
    machine = parse_machine(text)
    assert f"{machine.gpus}x{machine.tiles_per_gpu}" == text
    assert machine == mesh(machine.gpus, machine.tiles_per_gpu, lanes=4)


@pytest.mark.parametrize(
    "text", ["", "8", "x", "0x2", "3x0", "17x2", "2x5", "99999x1", "-1x2", "2x2x2", "8X2", "²x²"]
)
def test_an_unknown_machine_is_refused(text: str) -> None:
    """Whoever asks for a machine that cannot be had reads which ones can."""
    allowed = f"choose one of {', '.join(PRESETS)}, or a shape such as 3x2 (1 to 16 GPUs, 1 to 4 tiles each)"
    with pytest.raises(ValueError, match=re.escape(f"unknown machine {text!r}: {allowed}")):
        parse_machine(text)


def test_an_unknown_platform_is_refused() -> None:
    """Whoever asks for a platform that is not known reads which ones are."""
    with pytest.raises(
        ValueError, match="unknown platform '9x-max1550': choose one of 8x-max1550, 6x-max1550"
    ):
        Machine.preset("9x-max1550")


def test_a_machine_says_what_it_is() -> None:
    """A machine introduces itself in a few words."""
    assert str(parse_machine("8x-max1550")) == "8 GPUs x 2 tiles, 56 XeLinks of 4 lanes"
    assert str(parse_machine("1x2")) == "1 GPU x 2 tiles, no XeLinks"
    assert str(Machine.preset("2x-max1100")) == "2 GPUs x 1 tile, 1 XeLink of 24 lanes"


def test_tiles_are_sorted() -> None:
    """Tiles come GPU by GPU."""
    assert parse_machine("2x2").tiles == (Tile(0, 0), Tile(0, 1), Tile(1, 0), Tile(1, 1))
