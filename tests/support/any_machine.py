"""Machines made up by hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from xelinkd.model.topology import Tile
from xelinkd.simulator.machine import MAX_1550, Link, Machine


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """Give any machine: GPUs, tiles, any links between them, lanes, links that are down."""
    gpus, tiles = draw(st.integers(1, 16)), draw(st.integers(1, 3))
    ends = [Tile(gpu, tile) for gpu in range(gpus) for tile in range(tiles)]
    pairs = [Link(low, high) for low in ends for high in ends if low.device < high.device]
    links = draw(st.frozensets(st.sampled_from(pairs), max_size=40)) if pairs else frozenset()
    down = draw(st.frozensets(st.sampled_from(sorted(links)), max_size=4)) if links else frozenset()
    return Machine(MAX_1550, gpus, tiles, links, draw(st.integers(1, 32)), down)
