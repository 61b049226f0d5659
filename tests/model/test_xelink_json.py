"""What XPU Manager tells over REST."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from support.any_machine import machines
from support.effort import examples
from support.pages import recorded

from xelinkd.config.schema import Labels
from xelinkd.model.labels import label_lines
from xelinkd.model.page import read_page
from xelinkd.model.scan import MAX_LINES
from xelinkd.model.topology import CONNECTION_NAMES, Tile, topology_of
from xelinkd.model.unknown import Reason, UnknownPageError
from xelinkd.model.xelink_json import message_of, read_answer
from xelinkd.simulator.faults import Mode
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.page import render
from xelinkd.simulator.rest import topology

if TYPE_CHECKING:
    from xelinkd.model.topology import Row
    from xelinkd.simulator.machine import Machine

ALL_LABELS = Labels(min_lanes=0, allow_subdeviceless=True)


def answer(machine: Machine) -> bytes:
    """Give what a healthy XPU Manager answers."""
    return topology(machine, Mode.OK).body


ROWS: list[dict[str, Any]] = json.loads(answer(parse_machine("2x-max1550")))


def changed(number: int, **fields: object) -> bytes:
    """Give a good answer with one row changed."""
    rows = [dict(row) for row in ROWS]
    rows[number] |= fields
    return json.dumps(rows).encode()


def failure(content: bytes) -> UnknownPageError:
    """Read what cannot be read."""
    with pytest.raises(UnknownPageError) as caught:
        read_answer([content])
    return caught.value


@examples(60)
@given(machines())
def test_both_sources_tell_the_same(machine: Machine) -> None:
    """Whatever the machine, page and REST give the same topology and the same labels, in the same order.

    Only how Linux knows the GPUs, which no label needs, REST does not tell.
    """
    page, rest = read_page(render(machine)), read_answer([answer(machine)])
    rows = without_cards(page.rows)
    assert (rest.rows, rest.topology, rest.gap) == (rows, topology_of(rows), page.gap)
    assert len(page.topology.cards) == machine.gpus
    assert label_lines(rest.topology, ALL_LABELS) == label_lines(page.topology, ALL_LABELS)


def without_cards(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Give rows that do not tell how Linux knows the GPUs."""
    return tuple(row._replace(card=None) for row in rows)


def as_json(row: Row) -> dict[str, object]:
    """Give a row of a page as REST tells it."""
    names = ("local_device_id", "local_subdevice_id", "remote_device_id", "remote_subdevice_id")
    ids = dict(zip(names, (*row.local, *row.remote), strict=True))
    ports = {"port_list": [row.lanes, *[0] * 7]} if row.lanes else {}
    kind = {"link_type": CONNECTION_NAMES[row.connection], "local_on_subdevice": row.on_subdevice}
    return {**ids, **kind, **ports}


@pytest.mark.parametrize(
    "name", ["max1550-8x2-mesh", "max1550-4x2-mesh", "max1550-1x2-nolink", "max1100-2x1-bridge"]
)
def test_order_is_that_of_recorded_pages(name: str) -> None:
    """In whatever order REST tells the rows, they come as on a page that XPU Manager really sent."""
    page = read_page(recorded(name))
    rows = [as_json(row) for row in page.rows]
    random.Random(0).shuffle(rows)  # noqa: S311  any order
    assert read_answer([json.dumps(rows).encode()]).rows == without_cards(page.rows)


def test_lanes_and_cards_are_sorted_as_text() -> None:
    """The page has links of 16 lanes before those of 4, and the eleventh GPU (card11) before the second."""
    rows = []
    for device, to_device, lanes in ((1, 10, 4), (1, 0, 16), (10, 1, 4), (0, 1, 16)):
        ends = {"local_device_id": device, "remote_device_id": to_device, "port_list": [lanes, *[0] * 7]}
        rows.append({**ROWS[0], "link_type": "XL", **ends, "remote_subdevice_id": 0})
    read = read_answer([json.dumps(rows).encode()])
    assert [(row.local.device, row.lanes) for row in read.rows] == [(0, 16), (10, 4), (1, 16), (1, 4)]


@pytest.mark.parametrize(
    ("name", "is_link"),
    [("XL", True), ("XL16", True), ("XL*", False), ("SYS", False), ("NODE", False), ("MDF", False)],
)
def test_types_of_links(name: str, is_link: bool) -> None:  # noqa: FBT001  a table's column
    """What begins with XL is a XeLink, but for XL*, which goes by way of others."""
    read = read_answer([changed(1, link_type=name, port_list=[1, 2, 3, 4, 5, 6, 7, 8])])
    lanes = [seen.lanes for seen in read.topology.sightings if seen[:2] == (Tile(0, 0), Tile(0, 1))]
    assert lanes == ([36] if is_link else [])


@pytest.mark.parametrize("name", ["Unknown", "", "xl", "🚀", "XYZ"])
def test_unknown_type_is_not_no_link(name: str) -> None:
    """A pair of which XPU Manager knows nothing makes the answer incomplete, as on a page."""
    gap = read_answer([changed(1, link_type=name)]).gap
    assert gap == "how 0.0 and 0.1 are joined is not known"


@pytest.mark.parametrize(
    "fields", [{"local_device_id": -1}, {"remote_subdevice_id": -1}, {"port_list": [-1, *[0] * 7]}]
)
def test_negative_numbers_are_passed_over(fields: dict[str, object]) -> None:
    """A row that names no tile or port is no row, and what is left is doubted."""
    number = next(n for n, row in enumerate(ROWS) if row["link_type"] == "XL")
    read = read_answer([changed(number, **fields)])
    assert len(read.rows) == len(ROWS) - 1
    assert read.gap


def test_device_that_is_never_named_leaves_a_doubt() -> None:
    """What is left may be a full square: it is incomplete all the same."""
    rows = [row | {"local_device_id": -1} if row["local_device_id"] == 1 else row for row in ROWS]
    rows = [row | {"remote_device_id": -1} if row["remote_device_id"] == 1 else row for row in rows]
    assert read_answer([json.dumps(rows).encode()]).gap == (
        "rows that do not name both their tiles and lanes: 12"
    )


def test_missing_row_is_a_gap() -> None:
    """An answer without one of its rows is incomplete, as a page is."""
    assert read_answer([json.dumps(ROWS[:-1]).encode()]).gap == "no row for 1.1 to 1.1"


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b"", Reason.NOT_JSON, "address"),
        (b"<html>", Reason.NOT_JSON, "address"),
        (b"\xff\xfe", Reason.NOT_JSON, "address"),
        (b"[]", Reason.NO_SAMPLES, "names both its tiles"),
        (b"{}", Reason.MALFORMED, "Expected `array`, got `object`"),
        (b"[1]", Reason.MALFORMED, "at `$[0]`"),
        (b"[{}]", Reason.MALFORMED, "missing required field `local_device_id` - at `$[0]`"),
        (json.dumps(ROWS).encode()[:-9], Reason.MALFORMED, "truncated"),
        (changed(3, local_device_id="0"), Reason.MALFORMED, "`$[3].local_device_id`"),
        (changed(3, local_device_id=1.5), Reason.MALFORMED, "`$[3].local_device_id`"),
        (changed(3, local_device_id=10**18), Reason.MALFORMED, "`$[3].local_device_id`"),
        (changed(3, local_device_id=10**40), Reason.MALFORMED, "`$[3].local_device_id`"),
        (changed(3, local_on_subdevice="true"), Reason.MALFORMED, "`$[3].local_on_subdevice`"),
        (changed(3, link_type=None), Reason.MALFORMED, "`$[3].link_type`"),
        (changed(3, port_list=[4, 4]), Reason.MALFORMED, "of length 8"),
        (changed(3, port_list=[4] * 9), Reason.MALFORMED, "of length 8"),
        (b"[" * 100_000, Reason.MALFORMED, "malformed"),
        (b'[{"a":' + b"[" * 100_000, Reason.MALFORMED, "malformed"),
    ],
)
def test_what_cannot_be_read(content: bytes, reason: Reason, words: str) -> None:
    """Each malformed answer is unknown, with the row that is wrong, in a sentence that can be shown."""
    error = failure(content)
    assert (error.reason, words in str(error)) == (reason, True), str(error)
    assert str(error).isprintable()


def test_more_rows_than_any_machine() -> None:
    """An answer may show as many pairs as a page."""
    row = json.dumps(ROWS[0]).encode()
    assert len(read_answer([b"[" + b",".join([row] * MAX_LINES) + b"]"]).rows) == MAX_LINES
    assert failure(b"[" + b",".join([row] * (MAX_LINES + 1)) + b"]").reason is Reason.TOO_LARGE


def test_known_answer_is_recognised() -> None:
    """The same answer again, however it is cut, gives the same page without being read."""
    content = answer(parse_machine("8x-max1550"))
    known = read_answer([content])
    assert read_answer([content[:1000], content[1000:]], known) is known
    assert read_answer([answer(parse_machine("3x2"))], known) != known


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"Message":"Fail to get topology","Status":1}', "Fail to get topology"),
        (b'{"Message":"\\u001b[2J\\u202e"}', "\\x1b[2J\\u202e"),
        (b'{"Message":5}', None),
        (b'["Message"]', None),
        (b"<html>", None),
        (b'{"Message":"' + b"x" * 1000 + b'"}', "x" * 300),
    ],
)
def test_error_in_xpu_managers_words(body: bytes, message: str | None) -> None:
    """What XPU Manager says of an error is told, cut and fit for a terminal; other forms are not."""
    assert message_of(body) == message
