"""The graph of the GPUs: which of them are linked, and by how much."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xelinkd.model.topology import Tile

    Ends = tuple[Tile, Tile]


class Gpu(Struct, frozen=True):
    """A GPU, the others that it is linked to, and the links and lanes to these."""

    device: int
    linked_to: tuple[int, ...]
    links: int
    lanes: int


def gpus(tiles: Iterable[Tile], lanes_by_link: Mapping[Ends, int]) -> tuple[Gpu, ...]:
    """Give all GPUs that have a tile, sorted; links inside one GPU do not count."""
    of_device: dict[int, dict[Ends, int]] = defaultdict(dict)
    for ends, lanes in lanes_by_link.items():
        first, second = (tile.device for tile in ends)
        if first != second:
            of_device[first][ends] = of_device[second][ends] = lanes
    return tuple(_gpu(device, of_device[device]) for device in sorted({tile.device for tile in tiles}))


def _gpu(device: int, links: Mapping[Ends, int]) -> Gpu:
    peers = {tile.device for ends in links for tile in ends} - {device}
    return Gpu(device, tuple(sorted(peers)), len(links), sum(links.values()))
