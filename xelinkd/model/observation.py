"""Observations, and their form on the pipe from the fetcher to the writer."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Final

import msgspec

from xelinkd.model.topology import Topology
from xelinkd.model.undecodable import UNDECODABLE
from xelinkd.model.unknown import Reason  # noqa: TC001  msgspec reads the annotation

MAX_MESSAGE_SIZE: Final = 2 * 1024 * 1024  # bytes; 128 tiles, all linked, take 0.3 MB
MAX_DETAIL_LENGTH: Final = 2000  # characters
MAX_GAP_LENGTH: Final = 300  # characters; numbers have up to 20


Moment = Annotated[float, msgspec.Meta(ge=0)]  # not NaN, which is no moment
Gap = Annotated[str, msgspec.Meta(max_length=MAX_GAP_LENGTH, pattern=r"\A[ -~]+\Z")]


class Known(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="known"):
    """A topology that was seen, at a moment of boot time in seconds; `gap` is what it lacks, as in `Page`."""

    topology: Topology
    at: Moment
    gap: Gap | None = None


class Unknown(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="unknown"):
    """Nothing could be learned. This is never "no links"."""

    reason: Reason
    detail: Annotated[str, msgspec.Meta(max_length=MAX_DETAIL_LENGTH)]


Observation = Known | Unknown


class MessageError(ValueError):
    """What came through the pipe is not an observation."""


class _Sent(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="known"):
    """What `Known` is on the pipe, its topology not read yet: it is the same for days."""

    topology: msgspec.Raw
    at: Moment
    gap: Gap | None = None


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Sent | Unknown)
_topology_of: Final = lru_cache(maxsize=1)(msgspec.msgpack.Decoder(Topology).decode)


def encode(observation: Observation) -> bytes:
    """Give the message."""
    return _ENCODER.encode(observation)


def decode(message: bytes) -> Observation:
    """Read a message, trusting nothing in it: the fetcher parses what the network sends.

    Raises:
        MessageError: it does not fit the schema.

    """
    try:
        sent: _Sent | Unknown = _DECODER.decode(message)
        if isinstance(sent, Unknown):
            return sent
        return Known(_topology_of(bytes(sent.topology)), sent.at, sent.gap)
    except UNDECODABLE as error:
        raise MessageError(str(error)) from None
