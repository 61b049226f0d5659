"""Verdicts, from made-up figures."""

from __future__ import annotations

import pytest

from benchmarks.figures import Budget, Figure
from benchmarks.report import table


@pytest.mark.parametrize(
    ("budget", "verdict"),
    [
        (Budget(2), "met"),
        (Budget(1), "MISSED"),
        (Budget(0.5, "excess"), "met: +0.5 ms"),
        (Budget(0.4, "excess"), "MISSED: +0.5 ms"),
        (Budget(0.75, "speed-up"), "met: 0.75 x"),
        (Budget(2, "speed-up"), "MISSED: 0.75 x"),
    ],
)
def test_table_sets_medians_against_the_budget(budget: Budget, verdict: str) -> None:
    """One slow round does not turn a verdict."""
    figure = Figure("cycle", "ms", (2.0, 1.9, 9.0), budget, "bare", (1.5, 1.5, 1.4))

    assert table([figure]).endswith(verdict)
