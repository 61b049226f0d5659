"""What the process that asks Level Zero sends: from its bytes to rows, topology, message and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuzzing import expect
from fuzzing.target import MARK, Target
from xelinkd.config.schema import Labels
from xelinkd.model import fabric
from xelinkd.model.fabric import Fabric, Gpu, Port, PortId, read_message
from xelinkd.model.labels import label_lines
from xelinkd.model.observation import Known, Unknown
from xelinkd.model.scan import MAX_LINES
from xelinkd.model.unknown import Reason, UnknownPageError

if TYPE_CHECKING:
    from xelinkd.model.page import Page

_RULES: Final = Labels(namespace="a.b", min_lanes=0, allow_subdeviceless=True)
_ONE, _OTHER = PortId(4096, 0, 1), PortId(8192, 1, 2)


def check(data: bytes) -> None:
    """Read a message."""
    try:
        page = read_message(data)
    except UnknownPageError as error:
        expect.told(error)
    else:
        _check_page(page, data)


def _check_page(page: Page, data: bytes) -> None:
    assert 0 < len(page.rows) == len(page.topology.tiles) ** 2 <= MAX_LINES
    assert page.gap is None
    assert {(one.local, one.remote) for one in page.topology.sightings} == {
        (one.remote, one.local) for one in page.topology.sightings
    }
    assert read_message(data, page) is page
    expect.carried(Known(page.topology, 1.0))
    expect.labels(label_lines(page.topology, _RULES), _RULES.namespace)


def _gpus(subdevices: int) -> tuple[Gpu, Gpu]:
    on_subdevice = subdevices > 0
    return (
        Gpu(
            "0000:18:00.0",
            subdevices,
            (Port(_ONE, _OTHER, 0, on_subdevice, is_up=True, lanes=4),),
            "card1",
            0,
        ),
        Gpu("0000:29:00.0", subdevices, (Port(_OTHER, _ONE, 1, on_subdevice, is_up=True, lanes=8),)),
    )


_UNKNOWN: Final = fabric.encode(Unknown(Reason.NO_RIGHTS, "x"))

TARGET: Final = Target(
    check,
    seeds=[
        *(fabric.encode(Fabric(_gpus(subdevices))) for subdevices in (0, 2)),
        fabric.encode(Fabric(_gpus(2)[:1])),
        fabric.encode(Fabric(())),
        _UNKNOWN,
        b"",
    ],
    words=[
        *(b"\xa6fabric", b"\xa7unknown", b"\xa9no_rights", b"\xac0000:18:00.0", b"\xa5card1"),
        *(
            b"\xc0",
            b"\xc2",
            b"\xc3",
            b"\x00",
            b"\x7f",
            b"\x90",
            b"\x93",
            b"\xff",
            b"\xd3" + b"\xff" * 8,
            b"\xcf" + b"\xff" * 8,
        ),
    ],
    hazards=[
        b"\x92\xa6fabric" + MARK + b"\x91" + MARK,
        _UNKNOWN[:-2] + b"\xd9\xff" + MARK + b"\x07" + MARK,
    ],
)
