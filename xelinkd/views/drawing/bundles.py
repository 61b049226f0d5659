"""Links gathered by the two GPUs that they join."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

if TYPE_CHECKING:
    from xelinkd.model.topology import Tile
    from xelinkd.views.drawing.shown import Shown

_ALL_COUNTED: Final = 6  # bundles, the number of 4 GPUs: with more, only those that differ are counted
_MOST_COUNTED: Final = 12


class Bundle(Struct):
    """All links between two GPUs by their lanes, most lanes first, and how many more are missing."""

    devices: tuple[int, int]
    links: dict[int, list[tuple[Tile, Tile]]] = field(default_factory=dict)
    missing: int = 0

    @property
    def there(self) -> int:
        """How many links there are."""
        return sum(map(len, self.links.values()))

    @property
    def count(self) -> str:
        """Say how many links there are, and of how many."""
        return f"{self.there} of {self.there + self.missing}" if self.missing else str(self.there)


def bundles(seen: Shown) -> tuple[Bundle, ...]:
    """Give a bundle for each pair of GPUs that has or had a link."""
    found: dict[tuple[int, int], Bundle] = {}
    for ends, lanes in sorted(seen.links.items(), key=lambda link: (-link[1], link[0])):
        _bundle(found, ends).links.setdefault(lanes, []).append(ends)
    for link in seen.missing:
        _bundle(found, link.ends).missing += 1
    return tuple(found[devices] for devices in sorted(found))


def usual_count(gathered: tuple[Bundle, ...]) -> str | None:
    """Give how many links most pairs of GPUs have; None if the drawing counts all of them."""
    counts = Counter(bundle.count for bundle in gathered)
    return counts.most_common(1)[0][0] if counts.total() > _ALL_COUNTED else None


def unusual(gathered: tuple[Bundle, ...]) -> tuple[Bundle, ...]:
    """Give the bundles whose number of links is worth writing: all, if they are few."""
    usual = usual_count(gathered)
    counted = tuple(bundle for bundle in gathered if bundle.there and bundle.count != usual)
    return counted if len(counted) <= _MOST_COUNTED else ()


def _bundle(found: dict[tuple[int, int], Bundle], ends: tuple[Tile, Tile]) -> Bundle:
    devices = (ends[0].device, ends[1].device)
    return found.setdefault(devices, Bundle(devices))
