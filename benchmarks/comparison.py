"""Sets a run beside a saved one, and marks what differs by more than noise. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from benchmarks.figures import Figure, noise, shown
from benchmarks.table import aligned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_TIMES: Final = frozenset({"s", "ms", "µs"})
_NOTHING: Final = 0.01  # of a figure; less is no change
_HEADINGS: Final = ("what", "before", "now", "change", "noise", "")


@dataclass(frozen=True, slots=True)
class Pace:
    """How many times as long the same references took now as before, and how far they disagree about it."""

    factor: float = 1.0
    wobble: float = 0.0


def saved_figures(document: Mapping[str, Any]) -> list[Figure]:
    """Read the figures of a run that was saved by --json; a KeyError or TypeError if it is none."""
    return [
        Figure(
            each["what"],
            each["unit"],
            tuple(each["samples"]),
            reference=each["reference"],
            reference_samples=tuple(each["reference_samples"]),
        )
        for each in document["figures"]
    ]


def pace(before: Iterable[Figure], now: Iterable[Figure]) -> Pace:
    """Compare what references took in both runs: none of our code is in them, so it is the machine."""
    old, new = _references(before), _references(now)
    ratios = [median(new[name]) / median(old[name]) for name in new if name in old]
    return Pace(median(ratios), max(ratios) - min(ratios)) if ratios else Pace()


def compared(before: Sequence[Figure], now: Sequence[Figure]) -> str:
    """Give the comparison as a table, a line for each figure that both runs have.

    Times are corrected by the pace: that of the figure's own reference, or of all. A difference is marked if
    it is more than the noise: the spread of either run's samples, and of times that of the pace, too.
    """
    common = pace(before, now)
    old, new = (dict(_named(figure for figure in run if figure.samples)) for run in (before, now))
    rows = [_row(old[name], figure, common) for name, figure in new.items() if name in old]
    said = f"references took {common.factor:.2f} times as long now; times are corrected by that\n\n"
    return said + aligned([_HEADINGS, *rows])


def _row(old: Figure, new: Figure, common: Pace) -> Sequence[str]:
    is_time = new.unit in _TIMES
    found = (_own_pace(old, new) or common) if is_time else Pace()
    before, after = median(old.samples), median(new.samples) / found.factor
    told = new.what, shown(old.samples, old.unit), shown(new.samples, new.unit)
    if not before:
        return *told, "", "", ""
    change = after / before - 1
    margin = noise(old.samples) + noise(new.samples) + found.wobble
    if min(len(old.samples), len(new.samples)) == 1 and is_time:
        return *told, f"{change:+.0%}", "unknown", ""
    mark = "" if abs(change) <= max(margin, _NOTHING) else "WORSE" if change > 0 else "better"
    return *told, f"{change:+.0%}", f"{margin:.0%}", mark


def _own_pace(old: Figure, new: Figure) -> Pace | None:
    """Give the pace that what was measured in turn with a figure tells."""
    before, now = old.reference_samples, new.reference_samples
    if not before or not now or old.reference != new.reference:
        return None
    return Pace(median(now) / median(before), noise(before) + noise(now))


def _named(figures: Iterable[Figure]) -> Iterator[tuple[str, Figure]]:
    """Give what was measured, each by its name; parts have the name and the reference of their whole."""
    whole = Figure("", "", ())
    for figure in figures:
        if not figure.what.startswith(" "):
            whole = figure
            yield figure.what, figure
        elif figure.unit == whole.unit:
            beside = whole.reference, whole.reference_samples
            yield whole.what + figure.what, Figure(figure.what, figure.unit, figure.samples, None, *beside)
        else:
            yield whole.what + figure.what, figure


def _references(figures: Iterable[Figure]) -> dict[str, tuple[float, ...]]:
    return {
        f"{figure.what}: {figure.reference}": figure.reference_samples
        for figure in figures
        if figure.reference_samples and figure.unit in _TIMES
    }
