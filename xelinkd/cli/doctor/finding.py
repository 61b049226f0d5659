"""What a step of the doctor finds."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.views.terminal.look import Painted, Tone, quiet, strong

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xelinkd.views.terminal.look import Line, Look


class Outcome(StrEnum):
    """How a step ended. The words are part of the product's interface."""

    WELL = "well"
    NOTE = "note"  # it works, and deserves a look
    BROKEN = "broken"
    NOT_LOOKED_AT = "not_looked_at"


class Finding(Struct, frozen=True):
    """A step by its stable name, how it ended, what was found, and what to do about it."""

    step: str
    outcome: Outcome
    found: str
    advice: str = ""


_TONES: Final = {
    Outcome.WELL: Tone.GOOD,
    Outcome.NOTE: Tone.ODD,
    Outcome.BROKEN: Tone.BAD,
    Outcome.NOT_LOOKED_AT: Tone.QUIET,
}
_WIDTH: Final = 14  # columns of a step's name


def well(step: str, found: str) -> Finding:
    """Say that all is well."""
    return Finding(step, Outcome.WELL, found)


def note(step: str, found: str, advice: str) -> Finding:
    """Say that it works, and what deserves a look."""
    return Finding(step, Outcome.NOTE, found, advice)


def broken(step: str, found: str, advice: str) -> Finding:
    """Say what is broken, and what to do."""
    return Finding(step, Outcome.BROKEN, found, advice)


def not_looked_at(steps: Iterable[str], why: str) -> Iterator[Finding]:
    """Say of each step why nothing is known of it."""
    return (Finding(step, Outcome.NOT_LOOKED_AT, f"not looked at: {why}") for step in steps)


def lines(finding: Finding, look: Look) -> Iterator[Line]:
    """Tell of a finding."""
    tone = _TONES[finding.outcome]
    mark = look.mark(tone)
    found = quiet(finding.found) if tone is Tone.QUIET else finding.found
    yield mark, " ", strong(f"{finding.step:<{_WIDTH}}"), found
    if finding.advice:
        yield " " * (len(mark.text) + 1 + _WIDTH), Painted(finding.advice, tone)
