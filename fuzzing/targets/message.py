"""A message on the pipe, as a fetcher that an attacker has taken over may send it to the writer."""

from __future__ import annotations

from typing import Final

import msgspec

from fuzzing import expect
from fuzzing.target import MARK, Target
from xelinkd.config.schema import Labels
from xelinkd.model import lease
from xelinkd.model.labels import label_lines
from xelinkd.model.lease import Instant, Write
from xelinkd.model.observation import Known, MessageError, Observation, Unknown, decode, encode
from xelinkd.model.topology import Card, Sighting, Tile, Topology
from xelinkd.model.unknown import Reason
from xelinkd.outputs.format import Snapshot

_NOW: Final = Instant(boot=1000.0, wall=1.8e9)
_LEASE: Final = 86_400.0
_INT64_MIN: Final = -(1 << 63)
_RULES: Final = Labels(min_lanes=0, allow_subdeviceless=True)


def check(data: bytes) -> None:
    """Take the bytes as a message, and as the numbers of one that fits the schema, or nearly so."""
    _check_message(data)
    _check_message(msgspec.msgpack.encode(_shaped(data)))


def _check_message(data: bytes) -> None:
    try:
        observation = decode(data)
    except MessageError:
        return
    assert encode(decode(encode(observation))) == encode(observation)
    if isinstance(observation, Known):
        _take_in(observation)


def _shaped(data: bytes) -> list[object]:
    """Make a topology of numbers: each is up to 8 bytes, with a sign perhaps, between commas."""
    at, *rest = map(_number, data.split(b","))
    fives = [rest[n : n + 5] for n in range(0, len(rest), 5)]
    sightings = [[five[:2], five[2:4], five[-1], five[-1] % 2 == 1] for five in fives]
    return ["known", [[five[:2] for five in fives], sightings], at / 1000]


def _number(part: bytes) -> int:
    size = int.from_bytes(part.lstrip(b"-")[:8])
    return max(-size, _INT64_MIN) if part.startswith(b"-") else size


def _take_in(known: Known) -> None:
    lines = label_lines(known.topology, _RULES)
    expect.labels(lines, _RULES.namespace)
    expect.outputs(Snapshot(known.topology, known.gap, lines))
    held = lease.still_held(lease.observed(lines, known.at, _NOW, _LEASE), _NOW)
    match lease.plan(held, None, _NOW.offset, _NOW, _LEASE):
        case Write(file):
            assert file.expiry is not None
            assert _NOW.wall <= file.expiry <= _NOW.wall + _LEASE
            expect.read_back(file)


def _known(*sightings: Sighting) -> Known:
    return Known(Topology((Tile(0, 0), Tile(1, 1)), sightings), 999.5)


_OBSERVATIONS: Final[tuple[Observation, ...]] = (
    *(Unknown(reason, "why") for reason in Reason),
    _known(),
    _known(Sighting(Tile(0, 0), Tile(1, 1), 8, on_subdevice=True)),
    Known(Topology((Tile(0, 0),), (), (Card(0, "card1", "0000:18:00.0"),)), 1.0, "no row for 0.0 to 0.0"),
    _known(*(Sighting(Tile(1, 1), Tile(2**n, 0), 2**n, on_subdevice=False) for n in range(0, 64, 7))),
)
_AMISS: Final[tuple[object, ...]] = (
    None,
    [],
    {},
    -1,
    1.5,
    float("nan"),
    float("inf"),
    2**64 - 1,
    "@",
    "\n",
    b"\xff",
    [[[]]],
)

_FULL_SIZE: Final = 128 * 1024
_LINK: Final = b"\x94\x92\x00\x00\x92\x01\x01\x08\xc3"


def _many(element: bytes) -> bytes:
    """Give a message, to be enlarged, of as many links as fit."""
    head = b"\x93\xa5known\x92\x90\xdd" + (_FULL_SIZE // len(element)).to_bytes(4)
    return head + MARK + element + MARK + msgspec.msgpack.encode(1.0)


TARGET: Final = Target(
    check,
    seeds=[
        *(encode(observation) for observation in _OBSERVATIONS),
        b",\0,\0,\1,\0,\x08,\0,\1,\1,\1,\x07,\x0a,\x0a,\xff\xff\xff\xff\xff\xff\xff\xff,\0,-\1",
    ],
    words=[
        *(msgspec.msgpack.encode(value) for value in _AMISS),
        *(msgspec.msgpack.encode(word) for word in ("known", "unknown", *Reason)),
        *(
            b"\xdc\xff\xff",
            b"\xdd\xff\xff\xff\xff",
            b"\xdf\xff\xff\xff\xff",
            b"\xc6\xff\xff\xff\xff",
            b"\xc1",
        ),
        *(_LINK, b",", b"-", b"\xd6\xff\0\0\0\0", b"\x93", b"\x92", b"\xcf", b"\xd3"),
    ],
    hazards=[_many(_LINK), _many(b"\xc0"), MARK + b"\x91" + MARK, MARK + b"\0," + MARK],
    full_size=_FULL_SIZE,
)
