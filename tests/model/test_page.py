"""What a page is taken for: whole, incomplete, or unknown; and that no cut page passes for a whole one."""

from __future__ import annotations

import gzip
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from xelinkd.model.exposition import FAMILY
from xelinkd.model.page import Page, read_page, read_parts
from xelinkd.model.unknown import Reason, UnknownPageError
from xelinkd.simulator.machine import PRESETS, Link, mesh, parse_machine
from xelinkd.simulator.page import render

if TYPE_CHECKING:
    from xelinkd.model.topology import Topology

_RECORDED = Path(__file__).parents[1] / "data" / "xpum-1.3"
_ROW = (
    b'xpum_topology_link{local_device_id="%d",local_subdevice_id="0",local_on_subdevice="true",'
    b'remote_device_id="%d",remote_subdevice_id="0",lane_count="8"} %d'
)


def _page_of(*rows: tuple[int, int, int]) -> bytes:
    return b"\n".join(_ROW % row for row in rows)


def _thinned(page: bytes) -> bytes:
    """Keep the family, its neighbours, and one in thirty of all other lines: each byte is to be cut at."""
    lines = page.split(b"\n")
    near = {n + d for n, line in enumerate(lines) if FAMILY in line for d in (-1, 0, 1)}
    return b"\n".join(line for n, line in enumerate(lines) if n in near or n % 30 == 0)


def _recorded(name: str) -> bytes:
    return gzip.decompress((_RECORDED / f"{name}.prom.gz").read_bytes())


_TO_CUT = {
    "recorded, one link": _thinned(_recorded("max1100-2x1-bridge")),
    "recorded, no link": _thinned(_recorded("max1550-1x2-nolink")),
    "simulated, one tile": _thinned(render(mesh(1, 1))),
    "simulated, crossed links": _thinned(render(PRESETS["2x-max1550"])),
    "simulated, bridged pairs": _thinned(render(PRESETS["4x-max1100"])),
}


def _judge(content: bytes) -> Page | Reason:
    try:
        return read_page(content)
    except UnknownPageError as error:
        return error.reason


def _complete(content: bytes) -> Topology | None:
    """Give the topology of a page that would be believed at once."""
    page = _judge(content)
    return page.topology if isinstance(page, Page) and page.gap is None else None


@pytest.mark.parametrize("content", _TO_CUT.values(), ids=_TO_CUT)
def test_a_cut_page_never_costs_a_link(content: bytes) -> None:
    """A page that was cut anywhere is unknown, or incomplete, or tells all that the whole page tells."""
    whole = _complete(content)
    assert whole is not None
    for at in range(len(content)):
        cut = content[:at]
        assert _complete(cut) in {None, whole}, f"cut at {at}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", Reason.NOT_EXPOSITION, id="nothing"),
        pytest.param((FAMILY + b" 1\n") * 32_769, Reason.TOO_LARGE, id="more lines than a machine has"),
        pytest.param(
            (FAMILY + b" 1" + b" " * 60_000 + b"\n") * 140,
            Reason.TOO_LARGE,
            id="more bytes than a machine has",
        ),
        pytest.param(b"<html>xpum_</html>", Reason.NOT_EXPOSITION, id="HTML"),
        pytest.param(b'{"xpum_": 1}', Reason.NOT_EXPOSITION, id="JSON"),
        pytest.param(b"node_load1 0.5\n", Reason.NOT_EXPOSITION, id="another exporter"),
        pytest.param(b"# TYPE hw_gpu_info gauge\nhw_gpu_info 1", Reason.XPUM2, id="XPU Manager 2"),
        pytest.param(b"hw_gpu_info 1\nxpum_power_watts 1", Reason.NO_FAMILY, id="both"),
        pytest.param(b"# HELP xpum_power_watts Power", Reason.NO_FAMILY, id="only comments"),
        pytest.param(b"xpum_topology_link_total 1", Reason.NO_FAMILY, id="a name that goes on"),
        pytest.param(b"# HELP xpum_topology_link text\n", Reason.NO_SAMPLES, id="HELP of the family"),
        pytest.param(b"# TYPE xpum_topology_link gauge", Reason.NO_SAMPLES, id="TYPE of the family"),
        pytest.param(b"xpum_topology_link 1", Reason.NO_SAMPLES, id="no labels"),
        pytest.param(_page_of((-1, 0, 1)), Reason.NO_SAMPLES, id="no usable labels"),
        pytest.param(_page_of((0, 0, 0)) + b"x", Reason.MALFORMED, id="a malformed line"),
    ],
)
def test_a_page_without_topology_says_why(content: bytes, reason: Reason) -> None:
    """Whoever points xelinkd at the wrong page, or at a broken source, is told which of these it is."""
    assert _judge(content) is reason


def test_a_malformed_line_of_another_family_does_not_matter() -> None:
    """A fault elsewhere on the page costs no label."""
    assert _complete(b'xpum_power_watts{"} oops\n' + _page_of((0, 0, 0)) + b"\n{{{") is not None


@pytest.mark.parametrize(
    ("content", "gap"),
    [
        pytest.param(_page_of((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)), None, id="a square"),
        pytest.param(_page_of((0, 0, 0), (0, 1, 1), (1, 1, 0)), "no row for 1.0 to 0.0", id="one end only"),
        pytest.param(_page_of((0, 1, 1), (1, 0, 1), (1, 1, 0)), "no row for 0.0 to 0.0", id="no self"),
        pytest.param(
            _page_of((0, 0, 0), (0, 1, 3), (1, 0, 1), (1, 1, 0)),
            "1.0 to 0.0 is a XeLink, 0.0 to 1.0 is not",
            id="the ends disagree",
        ),
        pytest.param(
            _page_of((0, 0, 0), (0, 1, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0)),
            None,
            id="a row twice, as for two pods",
        ),
        pytest.param(
            _page_of((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0))
            + b"\n"
            + (_ROW % (0, 1, 1)).replace(b'"8"', b'"2"'),
            "rows for 0.0 to 1.0 contradict each other",
            id="a row twice, with other lanes",
        ),
        pytest.param(
            _page_of((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)).replace(b'count="8"} 1', b'count="0"} 1'),
            "0.0 to 1.0 cannot be a XeLink of 0 lanes",
            id="a link without lanes",
        ),
        pytest.param(
            _page_of((0, 0, 1)) + b"\nxpum_zzz 1",
            "0.0 to 0.0 cannot be a XeLink of 8 lanes",
            id="a link with itself",
        ),
        pytest.param(
            _page_of((0, 0, 0), (0, 1, -1), (1, 0, -1), (1, 1, 0)),
            "how 0.0 and 1.0 are joined is not known",
            id="a connection that is not known",
        ),
        pytest.param(
            _page_of((0, 0, 0), (0, -1, 1), (-1, 0, 1), (-1, -1, 0)),
            "rows that do not name both their tiles and a lane count: 3",
            id="a tile that is named nowhere",
        ),
    ],
)
def test_the_first_gap_is_named(content: bytes, gap: str | None) -> None:
    """Whoever looks for the fault is told which pair of tiles is missing or at odds."""
    page = _judge(content)
    assert isinstance(page, Page)
    assert page.gap == gap


@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from([*b"\n# {}", b"xpum_", FAMILY, b"hw_", b" 1\n"])).map(
        lambda parts: b"".join(p if isinstance(p, bytes) else bytes([p]) for p in parts)
    )
)
def test_no_bytes_break_the_judgement(content: bytes) -> None:
    """Whatever a source sends is a page or a reason."""
    assert isinstance(_judge(content), Page | Reason)


@pytest.mark.parametrize("machine", ["1x1", "1x2"])
def test_a_node_with_one_gpu_is_whole(machine: str) -> None:
    """A single GPU is believed at once if its page goes on after it, and doubted if the page ends there."""
    page = render(parse_machine(machine))
    before, name, after = page.rpartition(b"xpum_topology_link{")
    row, _, rest = after.partition(b"\n")
    lone = before + name + row
    assert read_page(lone + b"\n" + rest + b"\nxpum_zzz 1").gap is None
    for end in (b"", b"\n", b"\nxpum_topo"):
        assert read_page(lone + end).gap == "the page ends after its only GPU"


@pytest.mark.parametrize("gpus", [2, 3])
@pytest.mark.parametrize("tiles", [1, 2, 4])
def test_gpus_linked_by_all_their_tiles_lose_no_link_by_a_cut(gpus: int, tiles: int) -> None:
    """Where each tile is linked to all of other GPUs, a page cut after any row is not taken for whole."""
    pairs = combinations(mesh(gpus, tiles).tiles, 2)
    links = frozenset(Link(low, high) for low, high in pairs if low.device != high.device)
    lines = render(replace(mesh(gpus, tiles), links=links)).split(b"\n")
    rows = [number for number, line in enumerate(lines, 1) if line.startswith(FAMILY + b"{")]
    assert all(_complete(b"\n".join(lines[:number]) + b"\n") is None for number in rows[:-1])


@pytest.mark.parametrize("junk", [b"\0", b"\r", b"\v", b"\xc2\xa0", b"\xef\xbb\xbf", b" \x7f"])
def test_a_row_behind_something_unseen_is_not_passed_over(junk: bytes) -> None:
    """A page whose rows of one GPU all begin with a NUL or the like is no page of a machine without it."""
    lines = render(parse_machine("3x2")).split(b"\n")
    hidden = [
        junk + line if b'_device_id="2"' in line and line.startswith(FAMILY) else line for line in lines
    ]
    assert _judge(b"\n".join(hidden)) is Reason.MALFORMED


_4X2 = parse_machine("4x2")


@pytest.mark.parametrize(
    ("content", "same"),
    [
        pytest.param(render(_4X2), True, id="the same page"),
        pytest.param(render(_4X2) + b"\n", True, id="a line feed more"),
        pytest.param(
            b"# a comment\n" + render(_4X2).replace(b" 5.42", b" 7.1"), True, id="other measurements"
        ),
        pytest.param(render(_4X2.with_link("0.0-1.0", up=False)), False, id="a link less"),
        pytest.param(
            render(_4X2) + b'\nxpum_topology_link{lane_count="1"} 1', False, id="a line more at the end"
        ),
        pytest.param(b"xpum_topology_link 1\n" + render(_4X2), False, id="a line more at the beginning"),
        pytest.param(render(_4X2).replace(b"} 1.0\nxpum_x", b"} 1.0 17\nxpum_x"), False, id="a time stamp"),
    ],
)
def test_a_known_page_is_known_again(content: bytes, *, same: bool) -> None:
    """A page is taken for one known already just if the topology's lines are the same, to the byte."""
    known = read_page(render(_4X2))
    read = read_parts([content], known)
    assert (read is known) is same
    assert read == read_page(content)


@pytest.mark.parametrize(
    ("first", "second"), [(b"\nother 1", b""), (b"", b"\nother 1"), (b"\nother 1", b"\nxpum_")]
)
def test_the_page_of_a_lone_tile_is_always_judged_by_its_end(first: bytes, second: bytes) -> None:
    """A page that was cut after its first row is doubted, and a whole one is not, whichever came before."""
    row = _page_of((0, 0, 0))
    known = read_page(row + first)
    assert read_parts([row + second], known) == read_page(row + second)
