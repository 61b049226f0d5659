"""What there is to show of a history: tiles and links as they are, and those that are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from xelinkd.model.topology import Tile
    from xelinkd.state.history import History, Links, Missing

MAX_TILES: Final = 128  # that are drawn: 64 GPUs with 2; the page of XPU Manager that is read holds no more


class Shown(Struct, frozen=True):
    """The topology last known, with the tiles that only missing links name (`gone`) in their places."""

    tiles: tuple[Tile, ...]
    gone: frozenset[Tile]
    links: Links
    missing: tuple[Missing, ...]

    @property
    def devices(self) -> tuple[int, ...]:
        """All GPUs, sorted."""
        return tuple(sorted({tile.device for tile in self.tiles}))

    @property
    def is_drawable(self) -> bool:
        """Tell whether it is a machine that can exist: other ones are told in words only."""
        return 1 <= len(self.tiles) <= MAX_TILES


def shown(history: History) -> Shown | None:
    """Give what there is to show; None if nothing was ever known."""
    if history.topology is None:
        return None
    links = history.topology.lanes_by_link()
    there = {*history.topology.tiles, *(tile for ends in links for tile in ends)}
    gone = {tile for link in history.missing for tile in link.ends} - there
    return Shown(tuple(sorted(there | gone)), frozenset(gone), links, history.missing)
