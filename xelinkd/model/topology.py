"""What XPU Manager's topology says: rows as they came, and the topology that they add up to."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Connection types of a row's value (XPU Manager 1.3, exporter's topology code).
XELINK: Final = 1.0
CONNECTION_NAMES: Final = {0.0: "S", 1.0: "XL", 2.0: "XL*", 3.0: "SYS", 4.0: "NODE", 5.0: "MDF"}


Count = Annotated[int, msgspec.Meta(ge=0)]  # checked where a value comes through a pipe

# How Linux names a GPU. Strict, and whole (`$` lets a line feed pass): they go into files that others read.
DEV_FILE: Final = r"\Acard[0-9]{1,4}\Z"
PCI_BDF: Final = r"\A[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]\Z"


class Tile(NamedTuple):
    """One end of a link. A GPU without sub-devices is its tile 0."""

    device: Count
    subdevice: Count

    def __str__(self) -> str:
        """Give the form used in labels: `device.subdevice`."""
        return f"{self.device}.{self.subdevice}"


class Card(NamedTuple):
    """A GPU as Linux knows it: its file in /dev/dri (`card1`), its PCI address (`0000:18:00.0`)."""

    device: Count
    dev_file: Annotated[str, msgspec.Meta(pattern=DEV_FILE)]
    pci_bdf: Annotated[str, msgspec.Meta(pattern=PCI_BDF)]


def place_on_the_bus(address: str) -> tuple[int, ...]:
    """Give what a PCI address is sorted by: domain, bus, device, function, whatever digits they have."""
    return tuple(int(number, 16) for number in re.findall("[0-9a-fA-F]+", address))


class Row(NamedTuple):
    """One ordered pair of tiles, as one line of the page shows it; `card` is the local GPU, if it is told."""

    local: Tile
    remote: Tile
    connection: float
    lanes: Count
    on_subdevice: bool
    card: Card | None = None


class Sighting(NamedTuple):
    """A link seen from one of its ends; `lanes` is the sum over the ports of that end."""

    local: Tile
    remote: Tile
    lanes: Count
    on_subdevice: bool


class Topology(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """All tiles (sorted) and all sightings of links (in the order of the page) of one observation.

    The order is kept because consumers of the labels take the first match. `cards` are those GPUs (sorted)
    of which the source tells how Linux knows them: page and Level Zero of all, REST of none.
    """

    tiles: tuple[Tile, ...]
    sightings: tuple[Sighting, ...]
    cards: tuple[Card, ...] = ()

    def devices(self) -> tuple[int, ...]:
        """Give the GPUs by their device ids, sorted."""
        return tuple(dict.fromkeys(tile.device for tile in self.tiles))

    def lanes_by_link(self) -> dict[tuple[Tile, Tile], int]:
        """Give each link once, smaller tile first, with the fewer lanes where its ends disagree."""
        lanes: dict[tuple[Tile, Tile], int] = {}
        for seen in self.sightings:
            link = (min(seen.local, seen.remote), max(seen.local, seen.remote))
            lanes[link] = min(seen.lanes, lanes.get(link, seen.lanes))
        return lanes


def topology_of(rows: Iterable[Row]) -> Topology:
    """Add rows up to a topology, whether or not they are complete."""
    rows = tuple(rows)
    tiles = {row.local for row in rows} | {row.remote for row in rows}
    links = (row for row in rows if row.connection == XELINK)
    return Topology(
        tuple(sorted(tiles)),
        tuple(Sighting(row.local, row.remote, row.lanes, row.on_subdevice) for row in links),
        _cards(rows),
    )


def _cards(rows: tuple[Row, ...]) -> tuple[Card, ...]:
    """Give the cards of the GPUs whose rows all agree on one."""
    told = {(row.local.device, row.card) for row in rows}
    times = Counter(device for device, _ in told)
    return tuple(sorted(card for device, card in told if card and times[device] == 1))


def first_gap(rows: Iterable[Row]) -> str | None:
    """Say what keeps the rows from being a full square that agrees from both ends; None if nothing does.

    Every page of XPU Manager 1.3 seen so far has a row for each ordered pair of tiles, a tile with itself
    included, and shows a XeLink from both ends. A page that does not was perhaps cut on its way. XPU Manager
    says -1 of two tiles that it knows nothing of: that is not "no link".
    """
    rows = tuple(rows)
    connections: dict[tuple[Tile, Tile], set[float]] = defaultdict(set)
    for row in rows:
        connections[row.local, row.remote].add(row.connection)
    gap = next(_gaps(connections), None) or next(_no_links(rows), None)
    return _contradiction(rows) if gap is None and len(rows) > len(connections) else gap


def _gaps(connections: dict[tuple[Tile, Tile], set[float]]) -> Iterator[str]:
    tiles = sorted({tile for pair in connections for tile in pair})
    for local in tiles:
        for remote in tiles:
            if (local, remote) not in connections:
                yield f"no row for {local} to {remote}"
    for (local, remote), seen in connections.items():
        if XELINK in seen and XELINK not in connections[remote, local]:
            yield f"{local} to {remote} is a XeLink, {remote} to {local} is not"
        if len(seen) > 1:
            yield _contradict(local, remote)
        if not CONNECTION_NAMES.keys() >= seen:
            yield f"how {local} and {remote} are joined is not known"


def _no_links(rows: tuple[Row, ...]) -> Iterator[str]:
    """Name XeLinks that cannot be: each has the lanes of its ports, and no GPU has one with itself."""
    for row in rows:
        if row.connection == XELINK and (not row.lanes or row.local.device == row.remote.device):
            yield f"{row.local} to {row.remote} cannot be a XeLink of {row.lanes} lanes"


def _contradiction(rows: tuple[Row, ...]) -> str | None:
    """Look at pairs that have more than one row: for two pods, say."""
    first: dict[tuple[Tile, Tile], Row] = {}
    for row in rows:
        other = first.setdefault((row.local, row.remote), row)
        if (row.lanes, row.on_subdevice) != (other.lanes, other.on_subdevice):
            return _contradict(row.local, row.remote)
    return None


def _contradict(local: Tile, remote: Tile) -> str:
    return f"rows for {local} to {remote} contradict each other"


def lane_disagreements(topology: Topology) -> tuple[str, ...]:
    """Name the links whose two ends count different lanes: each end sums its own ports."""
    by_pair = {(seen.local, seen.remote): seen.lanes for seen in topology.sightings}
    return tuple(
        f"{local}-{remote}: {lanes} and {by_pair[remote, local]} lanes"
        for (local, remote), lanes in by_pair.items()
        if local < remote and by_pair.get((remote, local), lanes) != lanes
    )
