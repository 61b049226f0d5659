"""What a page tells: from what XPU Manager sent to a topology, or to the reason why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from xelinkd.model.exposition import FAMILY, MalformedLineError, read_rows
from xelinkd.model.scan import Excerpt, scan
from xelinkd.model.topology import Row, Topology, first_gap, topology_of
from xelinkd.model.unknown import Reason, UnknownPageError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Page(Struct, frozen=True):
    """What a page shows, row by row and in all, and what makes it incomplete (None: it is a full square)."""

    rows: tuple[Row, ...]
    topology: Topology
    gap: str | None
    block: bytes = b""
    """The family's lines as they stand on the page: kept to know them again."""


def read_page(content: bytes) -> Page:
    """Read a page that is there as a whole.

    Raises:
        UnknownPageError: the page says nothing about the topology, too much, or something malformed.

    """
    return read_parts([content])


def read_parts(parts: Iterable[bytes], known: Page | None = None) -> Page:
    """Read a page as it comes; if it shows the same as a page known already, give that one.

    Raises:
        UnknownPageError: the page says nothing about the topology, too much, or something malformed.

    """
    seen = scan(parts)
    if known and not _is_of_one_gpu(known.topology) and seen.block == known.block:
        return known
    rows = _rows(seen)
    topology = topology_of(rows)
    gap = first_gap(rows) or _passed_over(seen.lines - len(rows)) or _ends_too_soon(topology, seen.rest)
    return Page(rows, topology, gap, seen.block)


def place_on_the_page(row: Row) -> tuple[str, ...]:
    """Give what the exporter sorts by: lines as text, which begin with the device's file and the lane count.

    Where the file is not told, it is taken to be `card1` for device 0 and so on, as where card0 is the
    console's: right wherever the numbers of cards grow with those of devices, and have equally many digits
    or begin at 1.
    """
    local, remote = row.local, row.remote
    return (
        row.card.dev_file if row.card else f"card{local.device + 1}",
        str(row.lanes),
        str(local.subdevice),
        str(remote.device),
        str(remote.subdevice),
    )


def _rows(seen: Excerpt) -> tuple[Row, ...]:
    try:
        rows = read_rows(seen.block)
    except MalformedLineError as error:
        raise UnknownPageError(Reason.MALFORMED, f"line {seen.place(error.line)}: {error.problem}") from None
    if not rows:
        raise _without_rows(seen)
    return rows


def _passed_over(count: int) -> str | None:
    """Doubt a page that names some tiles nowhere: what is left of it may well be a full square."""
    return f"rows that do not name both their tiles and a lane count: {count}" if count else None


def _ends_too_soon(topology: Topology, rest: bytes) -> str | None:
    """Doubt a lone GPU at the very end: a page that was cut looks like that.

    All rows of one GPU come first, and those without lanes before its links: to its own tiles, a full square.
    The rows of a second one would be preceded by all of the first, which name every tile.
    """
    is_end = FAMILY.startswith(rest)
    return "the page ends after its only GPU" if is_end and _is_of_one_gpu(topology) else None


def _is_of_one_gpu(topology: Topology) -> bool:
    """Tell whether the page shows one GPU only: then what follows its rows counts, too."""
    return topology.tiles[0].device == topology.tiles[-1].device


def _without_rows(seen: Excerpt) -> UnknownPageError:
    """Tell what kind of page it is that shows no pair of tiles."""
    name = FAMILY.decode()
    if seen.block:
        return UnknownPageError(
            Reason.NO_SAMPLES, f"no sample of {name} names both its tiles and a lane count"
        )
    if seen.is_declared:
        return UnknownPageError(Reason.NO_SAMPLES, f"{name} is declared but has no samples")
    if seen.is_of_xpum_1:
        return UnknownPageError(
            Reason.NO_FAMILY,
            f"the page has no {name}: XPU Manager could not read the topology (its log says why)",
        )
    if seen.is_of_xpum_2:
        return UnknownPageError(
            Reason.XPUM2,
            "this is XPU Manager 2, whose metrics leave XeLink out; the GPUs themselves can be asked instead",
        )
    return UnknownPageError(Reason.NOT_EXPOSITION, "this is not a page of XPU Manager: is the address right?")
