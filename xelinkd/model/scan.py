"""Reads a page as it comes, in parts, and keeps only the lines of one metric family.

A page is half a megabyte, the family an eighth of it: the page is never held whole, and lines of other
families are searched through, not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from xelinkd.model.exposition import FAMILY, MalformedLineError, family_lines
from xelinkd.model.unknown import Reason, UnknownPageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_LINES: Final = 32_768  # of the family: each with each of 181 tiles; 8 GPUs have 16
MAX_LINE_SIZE: Final = 65_536  # bytes; XPU Manager writes some 300

_PLAIN: Final = b"\n" + FAMILY + b"{"  # how all lines of the family but the first begin, on every real page
_WORD: Final = re.compile(rb"\S+")
_ENOUGH_REST: Final = 2  # words; a page that was cut in the family's name ends with one
_COMMENT: Final = b"#"

_DECLARED: Final = re.compile(rb"^[ \t]*#[ \t]+(?:HELP|TYPE)[ \t]+" + FAMILY + rb"[ \t\n]", re.MULTILINE)
_OF_XPU_MANAGER_1: Final = re.compile(rb"^[ \t]*(?:#[ \t]+(?:HELP|TYPE)[ \t]+)?xpum_", re.MULTILINE)
_OF_XPU_MANAGER_2: Final = re.compile(rb"^[ \t]*(?:#[ \t]+(?:HELP|TYPE)[ \t]+)?hw_", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Run:
    """Lines of the family that follow each other on the page, and the number of the first (from 1)."""

    number: int
    lines: bytes


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What a page has of the family, and what tells its kind.

    `block`: the family's sample lines, in their order, with line feeds between them. `rest`: the first
    words of what follows the last of them.
    """

    block: bytes
    runs: tuple[Run, ...]
    rest: bytes
    is_declared: bool
    is_of_xpum_1: bool
    is_of_xpum_2: bool

    def number_on_page(self, number: int) -> int:
        """Give the number that a line of the block has on the page."""
        for run in self.runs:
            size = run.lines.count(b"\n") + 1
            if number <= size:
                return run.number + number - 1
            number -= size
        raise IndexError("the block has fewer lines")


def scan(parts: Iterable[bytes]) -> Excerpt:
    """Read a page that comes in parts, cut anywhere.

    Raises:
        UnknownPageError: it has more lines of the family than any machine, or one that is too long.

    """
    seen = _Scan()
    for part in parts:
        seen.take(part)
    return seen.end()


class _Scan:
    """What has been seen of a page so far."""

    def __init__(self) -> None:
        self._tail = b""  # a line whose end has not come yet
        self._number = 1  # of that line
        self._runs: list[Run] = []
        self._lines = 0  # in all runs
        self._rest: list[bytes] = []
        self._is_declared = self._is_of_xpum_1 = self._is_of_xpum_2 = False

    def take(self, part: bytes) -> None:
        text = self._tail + part
        whole = text.rfind(b"\n") + 1
        self._read(text[:whole])
        self._tail = self._bounded(text[whole:])

    def end(self) -> Excerpt:
        self._read(self._tail)
        return Excerpt(
            b"\n".join(run.lines for run in self._runs),
            tuple(self._runs),
            b" ".join(self._rest),
            self._is_declared,
            self._is_of_xpum_1,
            self._is_of_xpum_2,
        )

    def _bounded(self, tail: bytes) -> bytes:
        """Keep of a line of another family that never ends only that it is of no interest."""
        if len(tail) <= MAX_LINE_SIZE:
            return tail
        if next(family_lines(tail), None) is None:
            return _COMMENT
        error = MalformedLineError(self._number, tail, f"more than {MAX_LINE_SIZE} bytes")
        raise UnknownPageError(Reason.MALFORMED, str(error))

    def _read(self, text: bytes) -> None:
        """Read whole lines."""
        end = 0
        for start, end in _runs(text):
            self._keep(text, start, end)
        if end:
            self._rest = []
        words = islice(_WORD.finditer(text, end), _ENOUGH_REST - len(self._rest))
        self._rest += [word[0] for word in words]
        self._number += text.count(b"\n")
        self._learn_kind(text)

    def _keep(self, text: bytes, start: int, end: int) -> None:
        run = Run(self._number + text.count(b"\n", 0, start), text[start:end])
        self._runs.append(run)
        self._lines += run.lines.count(b"\n") + 1
        if self._lines > MAX_LINES:
            detail = f"the page has more than {MAX_LINES} lines of {FAMILY.decode()}: is it real?"
            raise UnknownPageError(Reason.TOO_LARGE, detail)

    def _learn_kind(self, text: bytes) -> None:
        """Look for what is only wanted of a page without the family."""
        self._is_of_xpum_1 = self._is_of_xpum_1 or bool(_OF_XPU_MANAGER_1.search(text))
        if not self._is_of_xpum_1:  # known at once: a real page is not searched for the other kind
            self._is_of_xpum_2 = self._is_of_xpum_2 or bool(_OF_XPU_MANAGER_2.search(text))
        if not self._lines and FAMILY in text:
            self._is_declared = self._is_declared or bool(_DECLARED.search(text))


def _runs(text: bytes) -> Iterator[tuple[int, int]]:
    """Find the family's lines: where they begin and end. Together, where nothing else stands between them."""
    start, _ = next(family_lines(text), (-1, -1))
    if start < 0:
        return
    last = max(text.rfind(_PLAIN, start) + 1, start)
    end = text.find(b"\n", last)
    end = len(text) if end < 0 else end
    are_together = text.count(b"\n", start, end) == text.count(_PLAIN, start, end)
    if are_together and next(family_lines(text, end), None) is None:
        yield start, end
    else:
        yield from family_lines(text)
