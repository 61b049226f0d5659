"""Pages that come in parts: what is kept of them, and how much."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pages import recorded

from xelinkd.model.exposition import FAMILY
from xelinkd.model.page import read_page, read_parts
from xelinkd.model.scan import MAX_LINE_SIZE, MAX_LINES, Excerpt, scan
from xelinkd.model.unknown import Reason, UnknownPageError

MIB = 1024 * 1024
PLAIN = (
    b'xpum_topology_link{local_device_id="0",local_subdevice_id="0",local_on_subdevice="true",'
    b'remote_device_id="1",remote_subdevice_id="0",lane_count="4"} 1'
)
PAGE = recorded("max1550-8x2-mesh")
PIECES = st.sampled_from(
    [
        *(PLAIN, b" \t" + PLAIN, FAMILY + b"_else 1", b"# HELP " + FAMILY + b" text"),
        *(b"hw_gpu 1", b"xpum_a 1", b"", b" ", b"\n" * 200),
    ]
)


def parts_of(content: bytes, cuts: list[int]) -> list[bytes]:
    """Cut content at these places."""
    places = [0, *sorted(cuts), len(content)]
    return [content[start:end] for start, end in pairwise(places)]


def content_of(seen: Excerpt) -> tuple[object, ...]:
    """Give what must not depend on how a page was cut."""
    lines = seen.block.count(b"\n") + 1 if seen.block else 0
    places = [seen.place(number) for number in range(1, lines + 1)]
    kind = (seen.is_declared, seen.is_of_xpum_1, seen.is_of_xpum_2 and not seen.is_of_xpum_1)
    return seen.block, places, seen.rest[: len(FAMILY) + 1], None if lines else kind


@given(st.lists(PIECES, max_size=12).map(b"\n".join), st.data())
def test_cuts_make_no_difference(content: bytes, data: st.DataObject) -> None:
    """A page means the same wherever the network cuts it."""
    cuts = data.draw(st.lists(st.integers(0, len(content)), max_size=6))
    assert content_of(scan(parts_of(content, cuts))) == content_of(scan([content]))


@pytest.mark.parametrize("size", [1, 7, 1000, 32768, len(PAGE)])
def test_recorded_page_in_parts(size: int) -> None:
    """A real page of 555 kB gives the same topology in parts of any size."""
    parts = [PAGE[at : at + size] for at in range(0, len(PAGE), size)]
    assert read_parts(parts) == read_page(PAGE)


def test_lines_are_found_wherever_they_stand() -> None:
    """Lines of the family are kept in their order, with their numbers, though others stand between them."""
    seen = scan([b"a 1\n", PLAIN[:30], PLAIN[30:] + b"\nb 1\n \t" + PLAIN + b"\n" + PLAIN])
    assert seen.block == b"\n".join([PLAIN, b" \t" + PLAIN, PLAIN])
    assert [seen.place(number) for number in (1, 2, 3)] == [2, 4, 5]


def test_malformed_line_is_named_by_its_number_on_the_page() -> None:
    """The number in the error is that of the page, so that it can be found there."""
    with pytest.raises(UnknownPageError, match=r"^line 4: ") as caught:
        read_page(b"# a comment\n" + PLAIN + b"\nother 1\n" + PLAIN + b" 1 1\n")
    assert caught.value.reason is Reason.MALFORMED


def test_malformed_line_of_a_large_page_is_named_by_its_number_too() -> None:
    """However much came before it, and however it was cut, a line is found by its number."""
    parts = [PLAIN + b"\n", *[b"a 1\n" * 8192 + b"b", b" 1\n"] * 64, PLAIN + b" 1 1\n"]
    with pytest.raises(UnknownPageError, match=rf"^line {2 + 64 * 8193}: "):
        read_parts(parts)


@pytest.mark.parametrize("before", [b"", PLAIN + b"\n"])
def test_endless_line_of_another_family_does_not_matter(before: bytes) -> None:
    """A line without end is not held, and what follows it is read."""
    parts = [before, b"x" * 32_768, *[b"y" * 32_768] * 64, b"\n" + PLAIN]
    tracemalloc.start()
    try:
        seen = scan(parts)
        assert tracemalloc.get_traced_memory()[1] < 2 * MIB
    finally:
        tracemalloc.stop()
    assert seen.block == before + PLAIN


def test_endless_line_of_the_family_is_malformed() -> None:
    """A line of the family that never ends is told as such, before it is held whole."""
    enough = [b"x" * 32_768] * (MAX_LINE_SIZE // 32_768)
    endless = (part for part in [b"a 1\n" + PLAIN[:-3], *enough, b"never"])
    with pytest.raises(UnknownPageError, match=r"has more than 65536 bytes"):
        scan(endless)
    assert next(endless, None) == b"never"


def test_more_lines_than_any_machine_has() -> None:
    """A page with more lines of the family than any machine is unknown, and read no further than needed."""
    parts = (PLAIN + b"\n" for _ in range(MAX_LINES + 2))
    with pytest.raises(UnknownPageError) as caught:
        scan(parts)
    assert caught.value.reason is Reason.TOO_LARGE
    assert next(parts, None) is not None


def test_large_page_leaves_little_in_memory() -> None:
    """A page of 16 MiB with a family of ordinary size takes little more than one MiB of memory."""
    filler = (b'xpum_power_watts{dev="0"} 42.5\n' * 1024)[: 32_768 - 1] + b"\n"
    parts = (part for part in [*[filler] * 256, PLAIN + b"\n", *[filler] * 256])
    tracemalloc.start()
    try:
        assert scan(parts).block == PLAIN
        assert tracemalloc.get_traced_memory()[1] < 2 * MIB
    finally:
        tracemalloc.stop()
