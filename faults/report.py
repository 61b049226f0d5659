"""Shows outcomes: a table for people, in plain text or Markdown, and JSON for programs. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.table import placed as table_placed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from faults.judge import Verdict
    from faults.record import Record

BEGIN: Final = "<!-- made by tools/faults: begin -->\n"
END: Final = "<!-- made by tools/faults: end -->\n"

_MANY: Final = 3  # complaints that a table shows
_HEADINGS: Final = ("fault", "held", "recovery", "peak memory", "note")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A fault that was tried; without a peak of memory (MiB) it could not even begin."""

    name: str
    verdict: Verdict
    peak_mib: float | None = None
    note: str = ""
    record: Record | None = None


def table(outcomes: Iterable[Outcome]) -> str:
    """Give the table in plain text, a line for each fault."""
    rows = [_HEADINGS, *map(_row, outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def markdown(outcomes: Iterable[Outcome], facts: Mapping[str, object]) -> str:
    """Give the table in Markdown, and what it was measured on."""
    bar = r"\|"
    rows = (_HEADINGS, ("---",) * len(_HEADINGS), *map(_row, outcomes))
    lines = [f"| {' | '.join(cell.replace('|', bar) for cell in row)} |" for row in rows]
    measured_on = ", ".join(f"{name} {value}" for name, value in facts.items())
    return "\n".join([*lines, "", f"Measured on: {measured_on}.", ""])


def placed(document: str, table: str) -> str:
    """Put a text between a document's marks; ValueError if it has none."""
    return table_placed(document, table, (BEGIN, END))


def as_json(outcomes: Iterable[Outcome], facts: Mapping[str, object]) -> dict[str, object]:
    """Give all that was seen."""
    return {"facts": facts, "outcomes": [_outcome_as_json(outcome) for outcome in outcomes]}


def line(outcome: Outcome) -> str:
    """Give an outcome in a few words."""
    _, held, recovery, peak, note = _row(outcome)
    return " ".join(filter(None, (held, recovery, peak, note and f"({note})")))


def _row(outcome: Outcome) -> Sequence[str]:
    verdict = outcome.verdict
    return (
        outcome.name,
        "held" if verdict.held else "NOT HELD",
        "" if verdict.recovery is None else f"{verdict.recovery:.2f} s",
        "" if outcome.peak_mib is None else f"{outcome.peak_mib:.0f} MiB",
        _note(outcome),
    )


def _note(outcome: Outcome) -> str:
    if complaints := outcome.verdict.complaints:
        more = (f"and {len(complaints) - _MANY} more",) if len(complaints) > _MANY else ()
        return "; ".join((*complaints[:_MANY], *more))
    return outcome.note


def _outcome_as_json(outcome: Outcome) -> dict[str, object]:
    record = outcome.record and {**asdict(outcome.record), "words": sorted(outcome.record.words)}
    return {
        "fault": outcome.name,
        "held": outcome.verdict.held,
        "recovery": outcome.verdict.recovery,
        "complaints": outcome.verdict.complaints,
        "peak_mib": outcome.peak_mib,
        "note": outcome.note,
        "record": record,
    }
