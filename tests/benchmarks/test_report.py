"""Verdicts and tables, from made-up figures."""

from __future__ import annotations

import pytest

from benchmarks.figures import Budget, Figure
from benchmarks.report import as_markdown, as_text


@pytest.mark.parametrize(
    ("budget", "verdict"),
    [
        (Budget(2), "met"),
        (Budget(1), "MISSED"),
        (Budget(3, 2), "stretch met"),
        (Budget(3, 1), "met"),
        (Budget(None, 1), "stretch missed"),
        (Budget(0.5, of="excess"), "met: +0.50 ms"),
        (Budget(0.4, of="excess"), "MISSED: +0.50 ms"),
        (Budget(0.5, 0.4, "excess"), "met: +0.50 ms"),
        (Budget(1, 1.5, "ratio"), "stretch met: 1.33 x"),
        (Budget(1, of="ratio"), "MISSED: 1.33 x"),
        (Budget(0.75, of="speed-up"), "met: 0.75 x"),
        (Budget(2, of="speed-up"), "MISSED: 0.75 x"),
        (Budget(0.5, 0.75, "speed-up"), "stretch met: 0.75 x"),
    ],
)
def test_table_sets_medians_against_the_budget(budget: Budget, verdict: str) -> None:
    """One slow round does not turn a verdict."""
    figure = Figure("cycle", "ms", (2.0, 1.9, 9.0), budget, "bare", (1.5, 1.5, 1.4))

    assert as_text([figure], {}).strip().endswith(f"  {verdict}")


def test_what_was_not_measured_says_so() -> None:
    """A size of what is not built is no figure, and not left out either."""
    assert "not measured  not built" in as_text([Figure("package", "MB", (), reference="not built")], {})


def test_table_in_markdown_has_as_many_columns_everywhere() -> None:
    """Names do not break the table, and say what they are part of."""
    text = as_markdown([Figure("  a | b", "ms", (1.0,))], {"cores": 2})

    assert {row.replace(r"\|", "").count("|") for row in text.splitlines()[:3]} == {7}
    assert "| &nbsp;&nbsp;a " in text
    assert text.endswith("Measured on: cores 2.\n")
