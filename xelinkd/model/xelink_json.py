"""What XPU Manager's REST server tells: from its JSON to a topology, or to the reason why not.

Rules: `/rest/v1/topology/xelink` of XPU Manager 1.3.
"""

# No `from __future__ import annotations`: msgspec reads the annotations when the program runs.
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

from xelinkd.model.page import Page, place_on_the_page
from xelinkd.model.printable import printable
from xelinkd.model.scan import MAX_LINES
from xelinkd.model.topology import CONNECTION_NAMES, XELINK, Row, Tile, first_gap, topology_of
from xelinkd.model.undecodable import UNDECODABLE
from xelinkd.model.unknown import Reason, UnknownPageError

_UNKNOWN: Final = -1.0  # the page's value for a type that is none of CONNECTION_NAMES
_VALUES: Final = {name: value for value, name in CONNECTION_NAMES.items()}
_PREFIX: Final = "XL"
MAX_SIZE: Final = 8 * 1024 * 1024  # bytes, held whole; MAX_LINES rows of XPU Manager's take 5 MB
_MAX_SHOWN: Final = 300  # characters
_START: Final = (b"[", b"{")

Number = Annotated[int, msgspec.Meta(gt=-(10**18), lt=10**18)]  # as many digits as on a page
Ports = tuple[Number, Number, Number, Number, Number, Number, Number, Number]


class _Pair(msgspec.Struct):
    """One ordered pair of tiles; other fields are passed over."""

    local_device_id: Number
    local_subdevice_id: Number
    local_on_subdevice: bool
    remote_device_id: Number
    remote_subdevice_id: Number
    link_type: str
    port_list: Ports | None = None


class _Error(msgspec.Struct):
    """What comes with HTTP status 400."""

    Message: str


_PAIRS: Final = msgspec.json.Decoder(list[_Pair])
_ERROR: Final = msgspec.json.Decoder(_Error)


def read_answer(parts: Iterable[bytes], known: Page | None = None) -> Page:
    """Read an answer that comes in parts; if it is the same as one known already, give that one.

    Its rows are put in the order that they have on the metrics page.

    Raises:
        UnknownPageError: the answer says nothing about the topology, too much, or something malformed.

    """
    content = _gathered(parts)
    if known and content == known.block:
        return known
    pairs = _decoded(content)
    if len(pairs) > MAX_LINES:
        raise UnknownPageError(Reason.TOO_LARGE, f"the answer has more than {MAX_LINES} rows: is it real?")
    rows = tuple(sorted((row for pair in pairs if (row := _row(pair))), key=place_on_the_page))
    if not rows:
        raise UnknownPageError(Reason.NO_SAMPLES, "no row of the answer names both its tiles")
    return Page(rows, topology_of(rows), first_gap(rows) or _passed_over(len(pairs) - len(rows)), content)


def message_of(content: bytes) -> str | None:
    """Give what an error says, printable and cut to what can be shown; None if it has another form."""
    try:
        return printable(_ERROR.decode(content).Message[:_MAX_SHOWN])
    except UNDECODABLE:
        return None


def _gathered(parts: Iterable[bytes]) -> bytes:
    gathered, size = [], 0
    for part in parts:
        gathered.append(part)
        size += len(part)
        if size > MAX_SIZE:
            raise UnknownPageError(
                Reason.TOO_LARGE, f"the answer has more than {MAX_SIZE} bytes: is it real?"
            )
    return b"".join(gathered)


def _decoded(content: bytes) -> list[_Pair]:
    try:
        return _PAIRS.decode(content)
    except UNDECODABLE as error:
        raise _unfit(content, error) from None


def _unfit(content: bytes, error: Exception) -> UnknownPageError:
    if content.lstrip()[:1] not in _START:
        return UnknownPageError(Reason.NOT_JSON, "this is not JSON of XPU Manager: is the address right?")
    detail = f"the answer is malformed: {printable(str(error)[:_MAX_SHOWN])}"
    return UnknownPageError(Reason.MALFORMED, detail)


def _row(pair: _Pair) -> Row | None:
    """Make a row; None where a tile or a port is not given as integers >= 0, as on a page."""
    connection = _connection(pair.link_type)
    ports = (pair.port_list or ()) if connection == XELINK else ()
    local = (pair.local_device_id, pair.local_subdevice_id)
    remote = (pair.remote_device_id, pair.remote_subdevice_id)
    if min(*local, *remote, *ports) < 0:
        return None
    return Row(Tile(*local), Tile(*remote), connection, sum(ports), pair.local_on_subdevice)


def _connection(link_type: str) -> float:
    """Give the page's value: a name that begins with XL, and is not XL*, is a XeLink."""
    if link_type in _VALUES:
        return _VALUES[link_type]
    return XELINK if link_type.startswith(_PREFIX) else _UNKNOWN


def _passed_over(count: int) -> str | None:
    return f"rows that do not name both their tiles and lanes: {count}" if count else None
