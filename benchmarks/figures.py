"""What a measure gives: samples, what they are compared with, and the budget. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEW: Final = 4  # samples; of fewer, quartiles say nothing


@dataclass(frozen=True, slots=True)
class Budget:
    """What is promised, and what would be better still (None: nothing).

    Both are about the figure itself, what it is above its reference, how many times as much, or how many
    times as fast it is.
    """

    limit: float | None
    stretch: float | None = None
    of: Literal["value", "excess", "ratio", "speed-up"] = "value"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured, several times; `reference` names what was measured beside it in the same run.

    Without samples it was not measured; then `reference` tells why.
    """

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
        case "ratio":
            return ours / median(figure.reference_samples)
        case "speed-up":
            return median(figure.reference_samples) / ours


def keeps(figure: Figure, budget: Budget, limit: float) -> bool:
    """Tell whether the figure is within a limit of its budget."""
    value = judged(figure, budget)
    return value >= limit if budget.of == "speed-up" else value <= limit


def noise(samples: Sequence[float]) -> float:
    """Give how far the middle half of the samples spreads, as a part of their median; of few, all of them."""
    if len(samples) < _FEW:
        low, high = min(samples), max(samples)
    else:
        low, _, high = quantiles(samples, n=4, method="inclusive")
    middle = median(samples)
    return (high - low) / middle if middle else 0.0


def shown(samples: Sequence[float], unit: str) -> str:
    """Give the median and, if there are several, the least and the greatest."""
    if not samples:
        return "not measured"
    text = f"{median(samples):.3g} {unit}".rstrip()
    return text if len(samples) == 1 else f"{text} ({min(samples):.3g}-{max(samples):.3g})"
