"""What Level Zero Sysman tells: from the fabric ports of all GPUs to a topology, as XPU Manager makes it.

Rules: XPU Manager 1.3, which reads the same ports.
"""

# No `from __future__ import annotations`: msgspec reads the annotations when the program runs.
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Annotated, Final, NamedTuple

import msgspec

from xelinkd.model.observation import Unknown
from xelinkd.model.page import Page, place_on_the_page
from xelinkd.model.printable import printable
from xelinkd.model.scan import MAX_LINES
from xelinkd.model.topology import (
    DEV_FILE,
    PCI_BDF,
    XELINK,
    Card,
    Count,
    Row,
    Tile,
    first_gap,
    place_on_the_bus,
    topology_of,
)
from xelinkd.model.undecodable import UNDECODABLE
from xelinkd.model.unknown import Reason, UnknownPageError

MAX_SIZE: Final = 1024 * 1024  # bytes of a message; 64 GPUs with 32 ports each take 80 kB

_MAX_SHOWN: Final = 500  # characters

_SELF, _TRANSIT, _SYS, _NODE, _SAME_CARD = 0.0, 2.0, 3.0, 4.0, 5.0


class PortId(NamedTuple):
    """A port by the numbers that the fabric gives it."""

    fabric: Count
    attach: Count
    number: Count

    def __str__(self) -> str:
        """Give the form used in messages."""
        return ".".join(map(str, self))


class Port(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A fabric port: who it is, whom it sees, on which tile, whether it is enabled and healthy, its lanes."""

    id: PortId
    remote: PortId
    subdevice: Count
    on_subdevice: bool
    is_up: bool
    lanes: Count


class Gpu(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A GPU: its PCI address, how many sub-devices it has, its ports; file and NUMA node, if known."""

    address: Annotated[str, msgspec.Meta(pattern=PCI_BDF)]
    subdevices: Annotated[int, msgspec.Meta(ge=0, le=64)]
    ports: tuple[Port, ...]
    dev_file: Annotated[str, msgspec.Meta(pattern=DEV_FILE)] | None = None
    numa_node: int | None = None

    @property
    def tiles(self) -> int:
        """Tell how many tiles it counts for: one, where it has no sub-devices."""
        return max(1, self.subdevices)


class Fabric(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="fabric"):
    """All GPUs, in any order; there is one at least, else nothing is known."""

    gpus: Annotated[tuple[Gpu, ...], msgspec.Meta(min_length=1)]


Reading = Fabric | Unknown

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Fabric | Unknown)


def encode(reading: Reading) -> bytes:
    """Give the message of the process that reads the ports."""
    return _ENCODER.encode(reading)


def read_message(content: bytes, known: Page | None = None) -> Page:
    """Read such a message, trusting nothing in it; if it is the same as one known already, give that one.

    Raises:
        UnknownPageError: it tells why the ports could not be read, or makes no sense.

    """
    if known and content == known.block:
        return known
    try:
        reading: Reading = _DECODER.decode(content)
    except UNDECODABLE as error:
        detail = f"the reading of the ports makes no sense: {printable(str(error)[:_MAX_SHOWN])}"
        raise UnknownPageError(Reason.MALFORMED, detail) from None
    if isinstance(reading, Unknown):
        raise UnknownPageError(reading.reason, printable(reading.detail[:_MAX_SHOWN]))
    return page_of(reading, content)


def page_of(fabric: Fabric, content: bytes = b"") -> Page:
    """Give what XPU Manager's page would show of these GPUs, in its order.

    Raises:
        UnknownPageError: the ports contradict each other, or there are more tiles than any machine has.

    """
    gpus = sorted(fabric.gpus, key=lambda gpu: place_on_the_bus(gpu.address))  # as device ids do
    _refuse_nonsense(gpus)
    rows = tuple(sorted(_rows(gpus), key=place_on_the_page))
    return Page(rows, topology_of(rows), first_gap(rows), content)


def _refuse_nonsense(gpus: list[Gpu]) -> None:
    if sum(gpu.tiles for gpu in gpus) ** 2 > MAX_LINES:
        raise UnknownPageError(Reason.TOO_LARGE, "there are more tiles than any machine has: is this real?")
    for problem in _nonsense(gpus):
        raise UnknownPageError(Reason.MALFORMED, f"Level Zero contradicts itself: {problem}")


def _nonsense(gpus: list[Gpu]) -> Iterator[str]:
    yield from (f"two GPUs are at {name}" for name in _doubles(gpu.address for gpu in gpus))
    yield from (
        f"two ports are called {name}" for name in _doubles(str(p.id) for gpu in gpus for p in gpu.ports)
    )
    for gpu in gpus:
        for port in gpu.ports:
            if _subdevice(port) >= gpu.tiles:
                yield f"a port is on tile {port.subdevice} of {gpu.address}, which has {gpu.tiles}"


def _doubles(names: Iterable[str]) -> Iterator[str]:
    return (name for name, times in Counter(names).items() if times > 1)


def _subdevice(port: Port) -> int:
    return port.subdevice if port.on_subdevice else 0


class _End(NamedTuple):
    """A port, and the tile that it is on."""

    tile: Tile
    port: Port


def _links(gpus: list[Gpu]) -> Mapping[tuple[Tile, Tile], list[Port]]:
    """Give the ports that join two tiles, seen from the first: both ends up, and each the other's remote.

    Tiles of one GPU are joined by other means.
    """
    ends = {
        port.id: _End(Tile(device, _subdevice(port)), port)
        for device, gpu in enumerate(gpus)
        for port in gpu.ports
        if port.is_up
    }
    links: dict[tuple[Tile, Tile], list[Port]] = defaultdict(list)
    for end in ends.values():
        other = ends.get(end.port.remote)
        if other and other.port.remote == end.port.id and other.tile.device != end.tile.device:
            links[end.tile, other.tile].append(end.port)
    return links


def _rows(gpus: list[Gpu]) -> Iterator[Row]:
    """Give the full square: each ordered pair of tiles, each tile with itself included."""
    links = _links(gpus)
    linked = {(local.device, remote.device) for local, remote in links}
    tiles = [Tile(device, subdevice) for device, gpu in enumerate(gpus) for subdevice in range(gpu.tiles)]
    cards = [_card(device, gpu) for device, gpu in enumerate(gpus)]
    for local, remote in product(tiles, repeat=2):
        gpu, card = gpus[local.device], cards[local.device]
        if ports := links.get((local, remote)):
            lanes = sum(port.lanes for port in ports)
            yield Row(local, remote, XELINK, lanes, ports[0].on_subdevice, card)
        else:
            # One XeLink between two GPUs makes all their other pairs XL*.
            is_transit = (local.device, remote.device) in linked
            connection = _TRANSIT if is_transit else _without_xelink(local, remote, gpus)
            yield Row(local, remote, connection, 0, gpu.subdevices > 0, card)


def _card(device: int, gpu: Gpu) -> Card | None:
    return Card(device, gpu.dev_file, gpu.address) if gpu.dev_file else None


def _without_xelink(local: Tile, remote: Tile, gpus: list[Gpu]) -> float:
    if local == remote:
        return _SELF
    if local.device == remote.device:
        return _SAME_CARD
    same_node = gpus[local.device].numa_node == gpus[remote.device].numa_node
    return _NODE if same_node else _SYS
