"""What the links add up to, in labels that plain node affinity can ask for (`labels.summary`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.model.clique import Neighbours, largest_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xelinkd.model.topology import Sighting, Tile

# Readers join what begins with xe-links, and GPU Aware Scheduling reads names such as cards and gpu-numbers.
COUNT: Final = "xelink-count"
MIN_LANES: Final = "xelink-min-lanes"
LARGEST_GROUP: Final = "xelink-largest-group"
ALL_LINKED: Final = "xelink-all-linked"
NAMES: Final = (COUNT, MIN_LANES, LARGEST_GROUP, ALL_LINKED)

MOST_GPUS: Final = 64  # of more, the largest group is not told

GROUP_UNKNOWN: Final = f"{LARGEST_GROUP} is left out: with so many GPUs and links it is too hard to find"

Pair = tuple[int, int]


def summary(tiles: Iterable[Tile], links: Sequence[Sighting], count: int) -> Iterator[tuple[str, str]]:
    """Give names and values, for the labelled links alone: as sighted, and how many they are.

    What is not known is left out: the fewest lanes of no links, a group that is too hard to find.
    """
    pairs = {_pair(link) for link in links}
    gpus = {tile.device for tile in tiles} | {gpu for pair in pairs for gpu in pair}
    joined = {pair for pair in pairs if pair[0] != pair[1]}
    largest = _largest(gpus, joined)
    yield COUNT, str(count)
    if links:
        yield MIN_LANES, str(min(link.lanes for link in links))
    if largest is not None:
        yield LARGEST_GROUP, str(largest)
    yield ALL_LINKED, "true" if joined and len(joined) == len(gpus) * (len(gpus) - 1) // 2 else "false"


def _pair(link: Sighting) -> Pair:
    a, b = link.local.device, link.remote.device
    return (a, b) if a < b else (b, a)


def _largest(gpus: set[int], joined: set[Pair]) -> int | None:
    return None if len(gpus) > MOST_GPUS else largest_group(_neighbours(gpus, joined))


def _neighbours(gpus: set[int], joined: set[Pair]) -> Neighbours:
    places = {gpu: place for place, gpu in enumerate(sorted(gpus))}
    neighbours = [0] * len(places)
    for a, b in joined:
        neighbours[places[a]] |= 1 << places[b]
        neighbours[places[b]] |= 1 << places[a]
    return tuple(neighbours)
