"""XPU Manager's page: from its bytes to rows, topology, message and labels, and to what `show` prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from zlib import crc32

from fuzzing import expect, seeds
from fuzzing.target import MARK, Target
from xelinkd.cli.topology_text import as_labels, as_matrix, oddities, snapshot_of
from xelinkd.config.schema import Config, Labels
from xelinkd.model.exposition import MAX_ODD_LINES, MalformedLineError, family_lines, read_rows
from xelinkd.model.labels import label_lines, link_pairs, pairs_of
from xelinkd.model.observation import MAX_DETAIL_LENGTH, Known, Unknown
from xelinkd.model.page import Page, read_parts
from xelinkd.model.scan import MAX_LINE_SIZE
from xelinkd.model.topology import XELINK, topology_of
from xelinkd.model.unknown import UnknownPageError
from xelinkd.views.terminal.look import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xelinkd.model.topology import Row

NEXT: Final = b"\n%\n"  # what comes after it is the page of the next fetch
_RULES: Final = (Labels(), Labels(namespace="a.b", min_lanes=0, allow_subdeviceless=True, summary=True))
_CONFIG: Final = Config(labels=_RULES[1])
_MAX_SEED_SIZE: Final = 2048  # bytes
_MAX_DRAWN: Final = 16  # tiles; a matrix is for people


def check(data: bytes) -> None:
    """Read one page and then another, both as a whole and in parts."""
    first, _, second = data.partition(NEXT)
    seen = _read([first])
    if max(map(len, data.split(b"\n"))) <= MAX_LINE_SIZE:  # a longer line shows or not, as the parts are cut
        _check_parts(first, second, seen)
    if isinstance(seen, Unknown):
        _check_unknown(seen, first)
    else:
        _check_page(seen, first)
    if first.count(b"\n") < MAX_ODD_LINES:  # more are not read together
        assert _rows(first) == _rows_by_line(first)


def _check_unknown(unknown: Unknown, content: bytes) -> None:
    expect.sentence(unknown.detail, MAX_DETAIL_LENGTH)
    expect.carried(unknown)
    if blamed := re.match(r"line (\d+): ", unknown.detail):
        assert next(family_lines(content.split(b"\n")[int(blamed[1]) - 1]), None)


def _check_parts(first: bytes, second: bytes, seen: Page | Unknown) -> None:
    assert repr(_read(_parts(first))) == repr(seen)  # NaN is not equal to itself
    if isinstance(seen, Page):
        assert repr(_read(_parts(first), seen)) == repr(seen)
        assert not second or repr(_read(_parts(second), seen)) == repr(_read([second]))


def _parts(content: bytes) -> list[bytes]:
    """Cut at two places that are as good as random, and the same each time."""
    cuts = crc32(content)
    first, second = sorted((cuts % (len(content) + 1), (cuts >> 16) % (len(content) + 1)))
    return [content[:first], content[first:second], content[second:]]


def _read(parts: Iterable[bytes], known: Page | None = None) -> Page | Unknown:
    try:
        return read_parts(parts, known)
    except UnknownPageError as error:
        return Unknown(error.reason, str(error))


def _check_page(page: Page, content: bytes) -> None:
    topology = page.topology
    assert topology == topology_of(page.rows)
    assert set(topology.tiles) == {tile for row in page.rows for tile in (row.local, row.remote)}
    assert len(topology.sightings) == sum(row.connection == XELINK for row in page.rows)
    assert page.gap or len({row[:2] for row in page.rows}) == len(topology.tiles) ** 2
    assert set(page.block.split(b"\n")) <= set(content.split(b"\n"))
    expect.carried(Known(topology, 1.0))
    for rules in _RULES:
        lines = label_lines(topology, rules)
        expect.labels(lines, rules.namespace)
        assert link_pairs(topology, rules) == pairs_of(lines)
    _check_shown(page)


def _check_shown(page: Page) -> None:
    for oddity in oddities(page):
        expect.sentence(oddity, MAX_DETAIL_LENGTH)
    if len(page.topology.tiles) <= _MAX_DRAWN:
        shown = (
            PLAIN.text(as_matrix(page, _CONFIG))
            + as_labels(page, _CONFIG)
            + expect.outputs(snapshot_of(page, _CONFIG))
        )
        assert shown.replace("\n", "").isprintable()


def _rows(content: bytes) -> str:
    """Give the rows, or the line that is malformed."""
    try:
        return repr(read_rows(b"\n".join(content[start:end] for start, end in family_lines(content))))
    except MalformedLineError as error:
        return str(error)


def _rows_by_line(content: bytes) -> str:
    """Give the same, read line by line: then nothing is learned from the lines before."""
    rows: list[Row] = []
    lines = (line for line in content.split(b"\n") if next(family_lines(line), None))
    for number, line in enumerate(lines, 1):
        try:
            rows += read_rows(line)
        except MalformedLineError as error:
            return str(error).replace("line 1:", f"line {number}:", 1)
    return repr(tuple(rows))


_LONE: Final = (
    b'xpum_topology_link{local_device_id="0",local_subdevice_id="0",remote_device_id="0",remote_subdevice_id="0",'
    b'lane_count="8",local_on_subdevice="false"} 0'
)

TARGET: Final = Target(
    check,
    seeds=[
        *seeds.recorded(),
        _LONE + NEXT + _LONE + b"\nxpum_a 1",
        *(page for page in seeds.vectors() if len(page) <= _MAX_SEED_SIZE),
    ],
    words=[
        *(b"xpum_topology_link", b"# HELP xpum_topology_link", b"# TYPE xpum_", b"hw_", NEXT, b"\n"),
        *(b'local_device_id="', b'local_subdevice_id="', b'remote_device_id="', b'remote_subdevice_id="'),
        *(b'lane_count="', b'lan_count="', b'local_on_subdevice="true"', b'="', b'",', b'"} 1.0', b"} 0"),
        *(b"\\n", b"\\\\", b'\\"', b"NaN", b"+Inf", b"1e0", b"999999999999999999", b" 1767225600000"),
    ],
    hazards=[
        b"xpum_topology_link{" + MARK + b"l" + MARK + b'="",' + MARK + b"} 1",
        b"xpum_topology_link " + MARK + b"1" + MARK,
        b'xpum_topology_link{a="' + MARK + b'\\"' + MARK,
        MARK + b"xpum_topology_link 1\n" + MARK,
        *(MARK + blank + MARK for blank in (b" ", b"\n", b"\t", b"# ", b"xpum_topology_link")),
    ],
)
