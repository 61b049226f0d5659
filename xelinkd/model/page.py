"""What a page tells: from the bytes that XPU Manager sent to a topology, or to the reason why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from xelinkd.model.exposition import FAMILY, MalformedLineError, family_lines, read_rows
from xelinkd.model.topology import Row, Topology, first_gap, topology_of
from xelinkd.model.unknown import Reason

_OF_XPU_MANAGER_1: Final = re.compile(rb"^[ \t]*(?:#[ \t]+(?:HELP|TYPE)[ \t]+)?xpum_", re.MULTILINE)
_OF_XPU_MANAGER_2: Final = re.compile(rb"^[ \t]*(?:#[ \t]+(?:HELP|TYPE)[ \t]+)?hw_", re.MULTILINE)
_DECLARED: Final = re.compile(rb"^[ \t]*#[ \t]+(?:HELP|TYPE)[ \t]+" + FAMILY + rb"[ \t\n]", re.MULTILINE)


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


def read_page(content: bytes) -> Page:
    """Read a page of XPU Manager 1.x.

    Raises:
        UnknownPageError: the page says nothing about the topology, or says it in a malformed line.

    """
    try:
        rows = read_rows(content)
    except MalformedLineError as error:
        raise UnknownPageError(Reason.MALFORMED, str(error)) from None
    if not rows:
        raise _without_rows(content)
    return Page(rows, topology_of(rows), first_gap(rows) or _ends_too_soon(rows, content))


def _ends_too_soon(rows: tuple[Row, ...], content: bytes) -> str | None:
    """Doubt a lone tile at the very end: a page that was cut after its first row looks like that."""
    *_, (_, end) = family_lines(content)
    is_lone = len(rows) == 1 and rows[0].local == rows[0].remote
    may_go_on = FAMILY.startswith(content[end:].strip())
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
