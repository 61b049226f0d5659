"""Observations on the pipe: they arrive as they were sent, and nothing else is taken for one."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import examples

from xelinkd.model.observation import (
    MAX_DETAIL_LENGTH,
    MAX_MESSAGE_SIZE,
    Known,
    MessageError,
    Unknown,
    decode,
    encode,
)
from xelinkd.model.topology import Sighting, Tile, Topology
from xelinkd.model.unknown import Reason

_TILES = st.builds(Tile, st.integers(0, 10**18 - 1), st.integers(0, 12))
_SIGHTINGS = st.builds(Sighting, _TILES, _TILES, st.integers(0, 10**18 - 1), st.booleans())
_TOPOLOGIES = st.builds(
    Topology, st.lists(_TILES, max_size=5).map(tuple), st.lists(_SIGHTINGS, max_size=5).map(tuple)
)
_KNOWN = st.builds(Known, _TOPOLOGIES, st.floats(0, allow_infinity=False))
_UNKNOWN = st.builds(
    Unknown, st.sampled_from(Reason), st.text(st.characters(codec="utf-8"), max_size=MAX_DETAIL_LENGTH)
)
_OBSERVATIONS = _KNOWN | _UNKNOWN


@given(_OBSERVATIONS)
def test_an_observation_arrives_as_it_was_sent(observation: Known | Unknown) -> None:
    """The writer knows exactly what the fetcher saw, and when."""
    assert decode(encode(observation)) == observation


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    """Give a message in which some bytes are replaced, cut or added."""
    message = bytearray(encode(draw(_OBSERVATIONS)))
    start = draw(st.integers(0, len(message)))
    message[start : start + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(message[: draw(st.integers(0, len(message)))] if draw(st.booleans()) else message)


@examples(500)
@given(st.binary(max_size=100) | _damaged())
def test_no_bytes_break_the_reader(message: bytes) -> None:
    """Whatever comes through the pipe is an observation or the error that says it is none."""
    try:
        observation = decode(message)
    except MessageError:
        return
    assert isinstance(observation, Known | Unknown)


_TILE, _SEEN = [0, 0], [[0, 0], [1, 0], 8, True]
_REFUSED = {
    "a negative device": ["known", [[[-1, 0]], []], 1.0],
    "a negative tile": ["known", [[[0, -1]], []], 1.0],
    "negative lanes": ["known", [[], [[[0, 0], [1, 0], -1, True]]], 1.0],
    "a negative device in a link": ["known", [[], [[[0, 0], [-1, 0], 8, True]]], 1.0],
    "an id that is no integer": ["known", [[[0.5, 0]], []], 1.0],
    "a tile with three numbers": ["known", [[[0, 0, 0]], []], 1.0],
    "a link without its lanes": ["known", [[], [_SEEN[:2]]], 1.0],
    "no moment": ["known", [[_TILE], [_SEEN]]],
    "something more": ["known", [[_TILE], [_SEEN]], 1.0, 1],
    "a moment in words": ["known", [[_TILE], [_SEEN]], "now"],
    "a word that is no reason": ["unknown", "tired", ""],
    "a detail that is too long": ["unknown", "dns", "x" * (MAX_DETAIL_LENGTH + 1)],
    "another kind": ["certain", "dns", ""],
    "no kind": [],
    "a map": {"type": "unknown", "reason": "dns", "detail": ""},
    "nothing": None,
}


@pytest.mark.parametrize("message", _REFUSED.values(), ids=_REFUSED)
def test_what_does_not_fit_the_schema_is_refused(message: object) -> None:
    """A fetcher that was made to misbehave can put nothing but a topology or a reason into the writer."""
    with pytest.raises(MessageError):
        decode(msgspec.msgpack.encode(message))


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\x93\xa7unknown\xa3dns\xa2\xff\xfe", id="text that is not UTF-8"),
        pytest.param(b"\x93\xa5known\x92\x90\xdd\xff\xff\xff\xff", id="four thousand million links"),
        pytest.param(b"\x91" * 100_000, id="nested without end"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_hostile_bytes_are_refused(message: bytes) -> None:
    """A message made to exhaust or to confuse the writer is refused like any other."""
    with pytest.raises(MessageError):
        decode(message)


def test_the_largest_machine_fits_into_a_message() -> None:
    """A node of 128 tiles, all linked, is observed like any other."""
    tiles = tuple(Tile(device, tile) for device in range(64) for tile in range(2))
    sightings = tuple(Sighting(a, b, 16, on_subdevice=True) for a in tiles for b in tiles if a != b)
    assert len(encode(Known(Topology(tiles, sightings), 1e9))) * 4 < MAX_MESSAGE_SIZE
