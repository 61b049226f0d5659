"""XPU Manager's JSON: from its bytes to rows, topology, message and labels; and the words of its errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from fuzzing import expect
from fuzzing.target import MARK, Target
from xelinkd.config.schema import Labels
from xelinkd.model.labels import label_lines
from xelinkd.model.observation import MAX_DETAIL_LENGTH, Known
from xelinkd.model.scan import MAX_LINES
from xelinkd.model.topology import XELINK, topology_of
from xelinkd.model.unknown import UnknownPageError
from xelinkd.model.xelink_json import message_of, read_answer
from xelinkd.simulator.faults import Mode
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.rest import topology

if TYPE_CHECKING:
    from xelinkd.model.page import Page

_RULES: Final = Labels(namespace="a.b", min_lanes=0, allow_subdeviceless=True)


def check(data: bytes) -> None:
    """Read an answer, and an error."""
    message = message_of(data)
    assert message is None or (message.isprintable() and len(message) <= MAX_DETAIL_LENGTH)
    try:
        page = read_answer([data])
    except UnknownPageError as error:
        expect.told(error)
    else:
        _check_page(page, data)


def _check_page(page: Page, data: bytes) -> None:
    assert 0 < len(page.rows) <= MAX_LINES
    assert page.topology == topology_of(page.rows)
    assert len(page.topology.sightings) == sum(row.connection == XELINK for row in page.rows)
    assert page.gap or len({row[:2] for row in page.rows}) == len(page.topology.tiles) ** 2
    assert read_answer([data[:7], data[7:]], page) is page
    again = read_answer([b" ", data])
    assert (again.rows, again.topology, again.gap) == (page.rows, page.topology, page.gap)
    expect.carried(Known(page.topology, 1.0))
    expect.labels(label_lines(page.topology, _RULES), _RULES.namespace)


_ROW: Final = (
    b'{"local_device_id":0,"local_subdevice_id":0,"local_on_subdevice":true,'
    b'"remote_device_id":0,"remote_subdevice_id":0,"link_type":"S"'
)
_NAMES: Final = (b"local_device_id", b"local_subdevice_id", b"remote_device_id", b"remote_subdevice_id")

TARGET: Final = Target(
    check,
    seeds=[
        *(topology(parse_machine(name), Mode.OK).body for name in ("1x1", "2x-max1100", "2x1", "1x2")),
        topology(parse_machine("1x1"), Mode.NO_TOPOLOGY).body,
        b"[" + _ROW + b',"port_list":[4,4,4,4,0,0,0,0]}]',
        b"[]",
        b"",
        json.dumps({"Status": 1, "Message": "\x1b[2J\u202e"}).encode(),
    ],
    words=[
        *(b'"%b":' % name for name in _NAMES),
        *(b'"port_list":[1,2,3,4,5,6,7,8]', b'"port_list":null', b'"link_type":"XL"', b'"XL*"', b'"Unknown"'),
        *(b'"local_on_subdevice":false', b"true", b"null", b"-1", b"1e0", b"1.0", b"9" * 18, b"9" * 19),
        *(b"[", b"]", b"{", b"}", b",", b'"', b"\\u0000", b"\\ud800", b"\xff", b'"Message":"', b"NaN"),
    ],
    hazards=[
        MARK + b"[" + MARK,
        b"[" + _ROW + MARK + b',"a":[' + MARK,
        b"[" + MARK + _ROW + b"}," + MARK + b"1]",
        b"[" + _ROW + b',"a":"' + MARK + b"\\u202e" + MARK + b'"}]',
        b'{"Message":"' + MARK + b"\\u0007" + MARK + b'"}',
        b"[" + _ROW + b',"port_list":[' + MARK + b"0," + MARK + b"0]}]",
    ],
)
