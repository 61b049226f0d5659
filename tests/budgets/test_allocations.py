"""What a page takes in memory while it comes in, as Python's allocator counts it."""

from __future__ import annotations

import tracemalloc
from functools import cache
from itertools import chain, repeat
from typing import TYPE_CHECKING

import pytest

from xelinkd.model.page import Page, read_parts
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.page import render

if TYPE_CHECKING:
    from collections.abc import Iterator

KIB = 1024
PART = 128 * KIB  # bytes; as they come from a socket (sources/place.py)
TELEMETRY = b'xpum_engine_ratio{dev_file="card1",engine_id="0",node="pvc-node-1"} 0.25\n' * (PART // 72)


@cache
def _node() -> bytes:
    """Give the page of 8 GPUs with 2 tiles: 510 KB, of which its topology is 107."""
    return render(parse_machine("8x-max1550"))


def _parts(telemetry: int) -> Iterator[bytes]:
    """Give the page in parts, after so many more of other metrics: none of it is held here."""
    page = _node()
    cut = (page[at : at + PART] for at in range(0, len(page), PART))
    return chain(repeat(TELEMETRY, telemetry), cut)


def _peak(telemetry: int, known: Page | None) -> int:
    """Give the most bytes that reading took at any moment."""
    parts = _parts(telemetry)
    tracemalloc.start()
    try:
        read_parts(parts, known)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("is_known", [True, False], ids=["the same again", "another"])
def test_page_of_16_mib_takes_no_more_than_one_of_half(is_known: bool) -> None:  # noqa: FBT001  a case
    """A page is read as it comes: what is not topology takes nothing, however much of it there is."""
    known = read_parts(_parts(0)) if is_known else None
    _peak(0, known)  # caches are filled

    assert _peak(128, known) - _peak(0, known) <= PART  # how its topology is cut makes a difference


def test_page_that_is_known_takes_less_than_itself() -> None:
    """A steady cycle holds a part, and the topology's lines twice: pieces, and what they are joined to."""
    known = read_parts(_parts(0))
    topology = len(known.block)

    assert _peak(128, known) <= 2 * topology + PART + 16 * KIB
