"""What a page tells: from the bytes that XPU Manager sent to a topology, or to the reason why not."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from xelinkd.model.exposition import (
    FAMILY,
    MalformedLineError,
    family_lines,
    has_block,
    read_rows,
)
from xelinkd.model.topology import Row, Topology, first_gap, topology_of
from xelinkd.model.unknown import Reason

_OF_XPU_MANAGER_1: Final = re.compile(rb"^[ \t]*(?:#[ \t]+(?:HELP|TYPE)[ \t]+)?xpum_", re.MULTILINE)
_OF_XPU_MANAGER_2: Final = re.compile(rb"^[ \t]*(?:#[ \t]+(?:HELP|TYPE)[ \t]+)?hw_", re.MULTILINE)
_DECLARED: Final = re.compile(rb"^[ \t]*#[ \t]+(?:HELP|TYPE)[ \t]+" + FAMILY + rb"[ \t\n]", re.MULTILINE)

_MAX_LINES: Final = 32_768  # each with each of 181 tiles; 8 GPUs have 16. Millions would take 100 MB


class UnknownPageError(ValueError):
    """The page does not tell the topology; `reason` is the stable word for why."""

    def __init__(self, reason: Reason, detail: str) -> None:
        """Keep the reason beside the sentence for people."""
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows, row by row and in all, and what makes it incomplete (None: it is a full square)."""

    rows: tuple[Row, ...]
    topology: Topology
    gap: str | None
    block: bytes = field(default=b"", compare=False, repr=False)
    """The family as it stands on the page: kept to know it again."""


def read_page(content: bytes, known: Page | None = None) -> Page:
    """Read a page of XPU Manager 1.x; if it shows the same as a page known already, give that one.

    Raises:
        UnknownPageError: the page says nothing about the topology, too much, or something malformed.

    """
    if known and has_block(content, known.block):
        return known
    lines = _lines_to_read(content)
    try:
        rows = read_rows(content, lines)
    except MalformedLineError as error:
        raise UnknownPageError(Reason.MALFORMED, str(error)) from None
    if not rows:
        raise _without_rows(content)
    gap = first_gap(rows) or _ends_too_soon(rows, content[lines[-1][1] :])
    return Page(rows, topology_of(rows), gap, content[lines[0][0] : lines[-1][1]])


def _lines_to_read(content: bytes) -> list[tuple[int, int]]:
    lines = list(islice(family_lines(content), _MAX_LINES + 1))
    if len(lines) > _MAX_LINES:
        detail = f"the page has more than {_MAX_LINES} lines of {FAMILY.decode()}: is it real?"
        raise UnknownPageError(Reason.TOO_LARGE, detail)
    return lines


def _ends_too_soon(rows: tuple[Row, ...], rest: bytes) -> str | None:
    """Doubt a lone tile at the very end: a page that was cut after its first row looks like that."""
    is_lone = len({tile for row in rows for tile in (row.local, row.remote)}) == 1
    may_go_on = FAMILY.startswith(rest.strip())
    return "the page ends after its only tile" if is_lone and may_go_on else None


def _without_rows(content: bytes) -> UnknownPageError:
    """Tell what kind of page it is that shows no pair of tiles."""
    name = FAMILY.decode()
    if next(family_lines(content), None):
        return UnknownPageError(
            Reason.NO_SAMPLES, f"no sample of {name} names both its tiles and a lane count"
        )
    if _DECLARED.search(content):
        return UnknownPageError(Reason.NO_SAMPLES, f"{name} is declared but has no samples")
    if _OF_XPU_MANAGER_1.search(content):
        return UnknownPageError(
            Reason.NO_FAMILY,
            f"the page has no {name}: XPU Manager could not read the topology (its log says why)",
        )
    if _OF_XPU_MANAGER_2.search(content):
        return UnknownPageError(
            Reason.XPUM2,
            "this is XPU Manager 2, whose metrics leave XeLink out; XPU Manager 1.3 has it",
        )
    return UnknownPageError(Reason.NOT_EXPOSITION, "this is not a page of XPU Manager: is the address right?")
