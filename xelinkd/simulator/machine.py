"""Machines with Intel GPUs as XPU Manager sees them: immutable descriptions, from a name or a shape."""

from __future__ import annotations

import re
from enum import IntEnum
from itertools import combinations, product
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from xelinkd.model.topology import Tile

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_GPUS: Final = 16
MAX_TILES: Final = 4

_SHAPE: Final = re.compile(r"([0-9]{1,4})x([0-9]{1,4})")


class Connection(IntEnum):
    """How two tiles are joined: the values of `xpum_topology_link` (XPU Manager 1.3)."""

    SELF = 0
    XELINK = 1
    TRANSIT = 2  # XL*: over a XeLink between other tiles of the two GPUs
    SYS = 3  # across NUMA nodes
    NODE = 4  # within one NUMA node
    SAME_GPU = 5  # MDF


class Link(NamedTuple):
    """Two tiles joined by XeLink, smaller tile first."""

    low: Tile
    high: Tile

    def __str__(self) -> str:
        """Give the form used in labels: `0.0-3.0`."""
        return f"{self.low}-{self.high}"


class Pair(NamedTuple):
    """What one tile sees of another (or of itself)."""

    local: Tile
    remote: Tile
    connection: Connection
    lanes: int


class Product(NamedTuple):
    """A GPU as its driver names it."""

    name: str
    pci_id: str


class Pod(NamedTuple):
    """A pod that holds a GPU: shows as `kube_*` labels on every line of that GPU."""

    gpu: int
    name: str
    namespace: str
    container: str


MAX_1550: Final = Product("Intel(R) Data Center GPU Max 1550", "0xbd5")
MAX_1100: Final = Product("Intel(R) Data Center GPU Max 1100", "0xbda")


class Machine(Struct, frozen=True):
    """GPUs with equal tiles, and the XeLinks between these, all of them with the same number of lanes."""

    model: Product
    gpus: int
    tiles_per_gpu: int
    links: frozenset[Link]
    lanes: int
    down: frozenset[Link] = frozenset()
    node: str | None = None
    pods: tuple[Pod, ...] = ()

    @classmethod
    def preset(cls, name: str) -> Machine:
        """Give the machine of a known platform; a ValueError lists the known ones."""
        try:
            return PRESETS[name]
        except KeyError:
            raise ValueError(f"unknown platform {name!r}: choose one of {', '.join(PRESETS)}") from None

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """All tiles, sorted."""
        return tuple(Tile(*ids) for ids in product(range(self.gpus), range(self.tiles_per_gpu)))

    def numa_node(self, gpu: int) -> int:
        """Give the NUMA node of a GPU: the first half sits at socket 0, the rest at socket 1."""
        return gpu * 2 // self.gpus

    def with_link(self, name: str, *, up: bool) -> Machine:
        """Give this machine with one link up or down.

        The link is named from either end (`0.0-3.0` or `3.0-0.0`); a ValueError says which links exist.
        """
        link = self._link(name)
        return replace(self, down=self.down - {link} if up else self.down | {link})

    def _link(self, name: str) -> Link:
        low, _, high = name.partition("-")
        for link in self.links:
            if str(link) in {name, f"{high}-{low}"}:
                return link
        known = ", ".join(map(str, sorted(self.links))) or "no links"
        raise ValueError(f"no link {name!r}: this machine has {known}")

    def __str__(self) -> str:
        """Say what it is, in a few words."""
        links = f"{_count(len(self.links), 'XeLink')} of {self.lanes} lanes" if self.links else "no XeLinks"
        return f"{_count(self.gpus, 'GPU')} x {_count(self.tiles_per_gpu, 'tile')}, {links}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def mesh(gpus: int, tiles_per_gpu: int, lanes: int = 4, model: Product = MAX_1550) -> Machine:
    """Give a machine whose tiles of the same index are linked all to all: one plane for each index."""
    links = frozenset(
        Link(Tile(low, tile), Tile(high, tile))
        for low, high in combinations(range(gpus), 2)
        for tile in range(tiles_per_gpu)
    )
    return Machine(model, gpus, tiles_per_gpu, links, lanes)


def _of_links(gpus: int, tiles_per_gpu: int, names: str, lanes: int, model: Product) -> Machine:
    links = frozenset(
        Link(Tile(*map(int, low.split("."))), Tile(*map(int, high.split("."))))
        for low, high in (name.split("-") for name in names.split())
    )
    return Machine(model, gpus, tiles_per_gpu, links, lanes)


PRESETS: Final = {
    "8x-max1550": mesh(8, 2, lanes=4),
    "6x-max1550": mesh(6, 2, lanes=4),
    "4x-max1550": mesh(4, 2, lanes=8),
    # The example of XPU Manager's user guide: tiles of different index are linked.
    "2x-max1550": _of_links(2, 2, "0.0-1.1 0.1-1.0", lanes=16, model=MAX_1550),
    "2x-max1100": _of_links(2, 1, "0.0-1.0", lanes=24, model=MAX_1100),
    "4x-max1100": _of_links(4, 1, "0.0-1.0 2.0-3.0", lanes=24, model=MAX_1100),
}


def parse_machine(text: str) -> Machine:
    """Read a platform's name (`8x-max1550`) or a shape, GPUs x tiles (`3x2`: a mesh with 4 lanes a link).

    Raises:
        ValueError: it is neither; the sentence lists what is allowed.

    """
    if text in PRESETS:
        return PRESETS[text]
    match = _SHAPE.fullmatch(text)
    gpus, tiles = (int(number) for number in match.groups()) if match else (0, 0)
    if 1 <= gpus <= MAX_GPUS and 1 <= tiles <= MAX_TILES:
        return mesh(gpus, tiles)
    raise ValueError(
        f"unknown machine {text!r}: choose one of {', '.join(PRESETS)}, or a shape such as 3x2 "
        f"(1 to {MAX_GPUS} GPUs, 1 to {MAX_TILES} tiles each)",
    )


def pairs(machine: Machine) -> Iterator[Pair]:
    """Give the full square: each ordered pair of tiles, each tile with itself included."""
    up = machine.links - machine.down
    linked_gpus = {(link.low.device, link.high.device) for link in up}
    for local, remote in product(machine.tiles, repeat=2):
        low, high = min(local, remote), max(local, remote)
        if Link(low, high) in up:
            yield Pair(local, remote, Connection.XELINK, machine.lanes)
        elif (low.device, high.device) in linked_gpus:
            # XPU Manager's rule (its topology code; the pages of 1.3 agree): one XeLink between two GPUs
            # makes all their other pairs XL*.
            yield Pair(local, remote, Connection.TRANSIT, 0)
        else:
            yield Pair(local, remote, _without_xelink(machine, local, remote), 0)


def _without_xelink(machine: Machine, local: Tile, remote: Tile) -> Connection:
    if local == remote:
        return Connection.SELF
    if local.device == remote.device:
        return Connection.SAME_GPU
    same_node = machine.numa_node(local.device) == machine.numa_node(remote.device)
    return Connection.NODE if same_node else Connection.SYS
