"""How text looks on a terminal: colours and marks, where they can be had. Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

from xelinkd.model.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Tone(Enum):
    """What a colour says; the value is that of SGR (ECMA-48), which every terminal with colours knows."""

    GOOD = "32"
    BAD = "1;31"
    ODD = "33"
    STRONG = "1"
    QUIET = "2"


class Painted(NamedTuple):
    """Text with a tone."""

    text: str
    tone: Tone


Part = Painted | str
Line = tuple["Part", ...]

_ASCII: Final = {Tone.GOOD: "ok", Tone.BAD: "NO", Tone.ODD: "!!", Tone.QUIET: "--"}
_SIGNS: Final = {Tone.GOOD: "✓", Tone.BAD: "✗", Tone.ODD: "!", Tone.QUIET: "-"}


class Look(Struct, frozen=True):
    """What a terminal can show."""

    colours: bool = False
    signs: bool = False

    def line(self, parts: Sequence[Part]) -> str:
        """Give a line without what could steer the terminal, and without blanks at its end."""
        shown = "".join(map(self._shown, parts))
        return shown if self.colours else shown.rstrip()

    def text(self, lines: Iterable[Sequence[Part]]) -> str:
        """Give lines, each with its end."""
        return "".join(f"{self.line(parts)}\n" for parts in lines)

    def mark(self, tone: Tone) -> Painted:
        """Give the sign for good, bad, odd or nothing to tell; letters where there are no signs."""
        return Painted((_SIGNS if self.signs else _ASCII)[tone], tone)

    def _shown(self, part: Part) -> str:
        if isinstance(part, str):
            return printable(part)
        text = printable(part.text)
        return f"\x1b[{part.tone.value}m{text}\x1b[0m" if self.colours else text


PLAIN: Final = Look()


def good(text: str) -> Painted:
    """Say that all is well."""
    return Painted(text, Tone.GOOD)


def bad(text: str) -> Painted:
    """Say that something is not."""
    return Painted(text, Tone.BAD)


def odd(text: str) -> Painted:
    """Say what is worth a look."""
    return Painted(text, Tone.ODD)


def strong(text: str) -> Painted:
    """Say what the line is about."""
    return Painted(text, Tone.STRONG)


def quiet(text: str) -> Painted:
    """Say what matters least."""
    return Painted(text, Tone.QUIET)
