"""Shows figures: a table for people, JSON for programs."""

from __future__ import annotations

from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.figures import is_met, judged, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.figures import Budget, Figure

_HEADINGS = ("what", "measured", "reference", "budget", "verdict")


def table(figures: Iterable[Figure]) -> str:
    """Give the table, a line for each figure."""
    rows = [_HEADINGS, *(_row(figure) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def as_json(figures: Iterable[Figure], facts: Mapping[str, object]) -> dict[str, object]:
    """Give what a later run can be compared with: every sample, and what it was measured on."""
    return {"facts": facts, "figures": [_figure_as_json(figure) for figure in figures]}


def _row(figure: Figure) -> Sequence[str]:
    reference = ""
    if figure.reference_samples:
        reference = f"{figure.reference} {shown(figure.reference_samples, figure.unit)}"
    measured = shown(figure.samples, figure.unit)
    if figure.budget is None:
        return figure.what, measured, reference, "", ""
    return figure.what, measured, reference, _limit(figure, figure.budget), _verdict(figure, figure.budget)


def _limit(figure: Figure, budget: Budget) -> str:
    match budget.of:
        case "value":
            return f"<= {budget.limit:g} {figure.unit}"
        case "excess":
            return f"<= reference + {budget.limit:g} {figure.unit}"
        case "speed-up":
            return f">= {budget.limit:g} x faster"


def _verdict(figure: Figure, budget: Budget) -> str:
    word = "met" if is_met(figure, budget) else "MISSED"
    match budget.of:
        case "value":
            return word
        case "excess":
            return f"{word}: {judged(figure, budget):+.2g} {figure.unit}"
        case "speed-up":
            return f"{word}: {judged(figure, budget):.3g} x"


def _figure_as_json(figure: Figure) -> dict[str, object]:
    verdict = figure.budget and {
        "judged": judged(figure, figure.budget),
        "met": is_met(figure, figure.budget),
    }
    return {**asdict(figure), "median": median(figure.samples), "verdict": verdict}
