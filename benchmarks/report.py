"""Shows figures: a table for people, in plain text or Markdown, and JSON for programs. Pure."""

from __future__ import annotations

from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks.figures import judged, keeps, shown
from benchmarks.table import aligned, markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.figures import Budget, Figure

_HEADINGS: Final = ("what", "measured", "reference", "budget", "stretch", "verdict")


def as_text(figures: Iterable[Figure], facts: Mapping[str, object]) -> str:
    """Give the table in plain text, a line for each figure, and what was measured on."""
    lines = (f"{name}: {value}\n" for name, value in facts.items())
    return "".join((aligned(_rows(figures)), "\n\n", *lines))


def as_markdown(figures: Iterable[Figure], facts: Mapping[str, object]) -> str:
    """Give the same in Markdown."""
    measured_on = ", ".join(f"{name} {value}" for name, value in facts.items())
    return f"{markdown(_rows(figures))}\n\nMeasured on: {measured_on}.\n"


def as_json(figures: Iterable[Figure], facts: Mapping[str, object]) -> dict[str, object]:
    """Give what a later run can be compared with: every sample, and what it was measured on."""
    return {"facts": facts, "figures": [_figure_as_json(figure) for figure in figures]}


def _rows(figures: Iterable[Figure]) -> list[Sequence[str]]:
    return [_HEADINGS, *map(_row, figures)]


def _row(figure: Figure) -> Sequence[str]:
    reference = figure.reference
    if figure.reference_samples:
        reference += f" {shown(figure.reference_samples, figure.unit)}"
    told = figure.what, shown(figure.samples, figure.unit), reference
    budget = figure.budget
    if budget is None:
        return *told, "", "", ""
    limits = (_limit(figure, budget, limit) for limit in (budget.limit, budget.stretch))
    return *told, *limits, _verdict(figure, budget)


def _limit(figure: Figure, budget: Budget, limit: float | None) -> str:
    if limit is None:
        return ""
    match budget.of:
        case "value":
            return f"<= {limit:g} {figure.unit}"
        case "excess":
            return f"<= reference + {limit:g} {figure.unit}"
        case "ratio":
            return f"<= {limit:g} x reference"
        case "speed-up":
            return f">= {limit:g} x faster"


def _verdict(figure: Figure, budget: Budget) -> str:
    word = _word(figure, budget)
    match budget.of:
        case "value":
            return word
        case "excess":
            return f"{word}: {judged(figure, budget):+.2f} {figure.unit}"
        case "ratio" | "speed-up":
            return f"{word}: {judged(figure, budget):.3g} x"


def _word(figure: Figure, budget: Budget) -> str:
    if budget.stretch is not None and keeps(figure, budget, budget.stretch):
        return "stretch met"
    if budget.limit is None:
        return "stretch missed"
    return "met" if keeps(figure, budget, budget.limit) else "MISSED"


def _figure_as_json(figure: Figure) -> dict[str, object]:
    verdict = figure.budget and {
        "judged": judged(figure, figure.budget),
        "verdict": _word(figure, figure.budget),
    }
    return {
        **asdict(figure),
        "median": median(figure.samples) if figure.samples else None,
        "verdict": verdict,
    }
