"""Reads a page as it comes, in parts, and keeps only the lines of one metric family.

A page is half a megabyte, the family an eighth of it: lines of other families are searched through, not read,
and a large page is never held whole.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

from xelinkd.model.exposition import FAMILY, family_lines
from xelinkd.model.unknown import Reason, UnknownPageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_LINES: Final = 16_384  # of the family: each of 128 tiles (64 GPUs with 2) with each; takes 30 MB
MAX_LINE_SIZE: Final = 65_536  # bytes; XPU Manager writes some 400
# Bytes of the family, held whole, and more than once while they are read.
MAX_BLOCK_SIZE: Final = 8 * 1024 * 1024

# How the family stands on every real page: line after line.
_TOGETHER: Final = re.compile(FAMILY + rb"\{[^\n]*+(?:\n" + FAMILY + rb"\{[^\n]*+)*+")
_WORD: Final = re.compile(rb"\S+")
_ENOUGH_REST: Final = 2  # words; a page that was cut in the family's name ends with one
_COMMENT: Final = b"#"

_DECLARED: Final = re.compile(rb"^[ \t]*#[ \t]+(?:HELP|TYPE)[ \t]+" + FAMILY + rb"[ \t\n]", re.MULTILINE)
_OF_XPU_MANAGER_1: Final = re.compile(rb"^[ \t]*(?:#[ \t]+(?:HELP|TYPE)[ \t]+)?xpum_", re.MULTILINE)
_OF_XPU_MANAGER_2: Final = re.compile(rb"^[ \t]*(?:#[ \t]+(?:HELP|TYPE)[ \t]+)?hw_", re.MULTILINE)


class Run(NamedTuple):
    """Lines of the family that follow each other: how many, and the number on the page of the first."""

    lines: int
    first: int


class Excerpt(Struct, frozen=True):
    """What a page has of the family, and what tells its kind.

    `block`: the family's sample lines, in their order, with line feeds between them. `rest`: the first
    words of what follows the last of them. `runs`: how many lines stand together, and where on the page.
    """

    block: bytes
    rest: bytes
    is_declared: bool
    is_of_xpum_1: bool
    is_of_xpum_2: bool
    runs: tuple[Run, ...]

    @property
    def lines(self) -> int:
        """How many lines of the family there are."""
        return sum(run.lines for run in self.runs)

    def place(self, number: int) -> int:
        """Give the number on the page of a line of the block; both begin at 1."""
        for run in self.runs:
            if number <= run.lines:
                return run.first + number - 1
            number -= run.lines
        raise IndexError("no line of the block")


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
        self._feeds = 0  # lines of the page that have been read
        self._block: list[bytes] = []  # lines of the family
        self._runs: list[Run] = []  # where they stand
        self._lines = self._size = 0  # of the family
        self._rest: list[bytes] = []
        self._is_declared = self._is_of_xpum_1 = self._is_of_xpum_2 = False

    def take(self, part: bytes) -> None:
        first, end = part.find(b"\n") + 1, part.rfind(b"\n") + 1
        if not end:
            self._tail = self._bounded(self._tail + part)
            return
        line = self._tail + part[:first]
        self._read(line, 0, len(line))
        self._read(part, first, end)
        self._tail = self._bounded(part[end:])

    def end(self) -> Excerpt:
        self._read(self._tail, 0, len(self._tail))
        return Excerpt(
            b"\n".join(self._block),
            b" ".join(self._rest),
            self._is_declared,
            self._is_of_xpum_1,
            self._is_of_xpum_2,
            tuple(self._runs),
        )

    def _bounded(self, tail: bytes) -> bytes:
        """Keep of a line of another family that never ends only that it is of no interest."""
        if len(tail) <= MAX_LINE_SIZE:
            return tail
        if next(family_lines(tail), None) is None:
            return _COMMENT
        detail = f"a line of {FAMILY.decode()} has more than {MAX_LINE_SIZE} bytes"
        raise UnknownPageError(Reason.MALFORMED, detail)

    def _read(self, text: bytes, at: int, end: int) -> None:
        """Read the whole lines that stand there."""
        begin, mentioned = at, text.find(FAMILY, at, end)
        for start, stop in _runs(text, mentioned, at, end) if mentioned >= 0 else ():
            self._feeds += text.count(b"\n", at, start)
            self._keep(text[start:stop])
            at = stop
        self._feeds += text.count(b"\n", at, end)
        if len(self._rest) < _ENOUGH_REST:
            words = islice(_WORD.finditer(text, at, end), _ENOUGH_REST - len(self._rest))
            self._rest += [word[0] for word in words]
        if not self._lines:
            self._learn_kind(text, begin, end, is_mentioned=mentioned >= 0)

    def _keep(self, lines: bytes) -> None:
        feeds = lines.count(b"\n")
        self._block.append(lines)
        self._runs.append(Run(feeds + 1, self._feeds + 1))
        self._feeds += feeds
        self._rest = []
        self._lines += feeds + 1
        self._size += len(lines)
        if self._lines > MAX_LINES or self._size > MAX_BLOCK_SIZE:
            most = f"{MAX_LINES} lines or {MAX_BLOCK_SIZE} bytes of {FAMILY.decode()}"
            raise UnknownPageError(Reason.TOO_LARGE, f"the page has more than {most}: is it real?")

    def _learn_kind(self, text: bytes, at: int, end: int, *, is_mentioned: bool) -> None:
        """Look for what is only wanted of a page without the family."""
        self._is_of_xpum_1 = self._is_of_xpum_1 or bool(_OF_XPU_MANAGER_1.search(text, at, end))
        if not self._is_of_xpum_1:  # known at once: a real page is not searched for the other kind
            self._is_of_xpum_2 = self._is_of_xpum_2 or bool(_OF_XPU_MANAGER_2.search(text, at, end))
        if is_mentioned:
            self._is_declared = self._is_declared or bool(_DECLARED.search(text, at, end))


def _runs(text: bytes, mentioned: int, at: int, end: int) -> Iterator[tuple[int, int]]:
    """Find the family's lines: where they begin and end. Together, where nothing else stands between them.

    `mentioned` is where the family's name first stands, in the whole lines from `at` to `end`.
    """
    here = max(at, text.rfind(b"\n", at, mentioned))
    start, _ = next(family_lines(text, here, end), (-1, -1))
    if start < 0:
        return
    together = _TOGETHER.match(text, start, end)
    if together and next(family_lines(text, together.end(), end), None) is None:
        yield together.span()
    else:
        yield from family_lines(text, here, end)
