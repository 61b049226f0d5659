"""What a measure gives: samples, what they are compared with, and the budget. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit: of the figure itself, of what it is above its reference, or of how many times it is faster."""

    limit: float
    of: Literal["value", "excess", "speed-up"] = "value"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured, several times; `reference` names what was measured beside it in the same run."""

    what: str
    unit: str
    samples: tuple[float, ...]
    budget: Budget | None = None
    reference: str = ""
    reference_samples: tuple[float, ...] = ()


def judged(figure: Figure, budget: Budget) -> float:
    """Give the number that the budget is about: from medians, in the figure's unit or in times."""
    ours = median(figure.samples)
    match budget.of:
        case "value":
            return ours
        case "excess":
            return ours - median(figure.reference_samples)
        case "speed-up":
            return median(figure.reference_samples) / ours


def is_met(figure: Figure, budget: Budget) -> bool:
    """Tell whether the figure keeps within its budget."""
    value = judged(figure, budget)
    return value >= budget.limit if budget.of == "speed-up" else value <= budget.limit


def shown(samples: Sequence[float], unit: str) -> str:
    """Give the median and, if there are several, the least and the greatest."""
    text = f"{median(samples):.3g} {unit}"
    return text if len(samples) == 1 else f"{text} ({min(samples):.3g}-{max(samples):.3g})"
