"""Durations as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xelinkd.config.duration import Duration

YEAR_MS = 366 * 86_400_000


@pytest.mark.parametrize(
    ("text", "seconds", "canonical"),
    [
        ("500ms", 0.5, "500ms"),
        ("10s", 10, "10s"),
        ("5m", 300, "5m"),
        ("24h", 86_400, "24h"),
        ("1h30m", 5400, "1h30m"),
        ("7d", 604_800, "7d"),
        ("90m", 5400, "1h30m"),
        ("1d", 86_400, "24h"),
        ("1d2h3m4s5ms", 93_784.005, "26h3m4s5ms"),
        ("48h", 172_800, "2d"),
        ("0s", 0, "0s"),
        ("0ms", 0, "0s"),
    ],
)
def test_units_mean_what_they_say(text: str, seconds: float, canonical: str) -> None:
    """A duration is what its units say, and is shown in one canonical way."""
    assert Duration.parse(text) == seconds
    assert str(Duration.parse(text)) == f"{Duration.parse(text)}" == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        "s",
        "10 s",
        " 10s",
        "10s\n",
        "-1s",
        "+1s",
        "1.5s",
        "1e3s",
        "1m1h",
        "1s1s",
        "10S",
        "1w",
        "\u0661s",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """A text that could be read in two ways, or in none, is no duration."""
    with pytest.raises(ValueError, match="not a duration"):
        Duration.parse(text)


@given(st.integers(0, YEAR_MS))
def test_round_trip(milliseconds: int) -> None:
    """What xelinkd shows as a duration can be pasted into its configuration and means the same."""
    duration = Duration(milliseconds / 1000)
    assert Duration.parse(str(duration)) == duration


@given(st.text())
def test_only_value_errors(text: str) -> None:
    """Whatever the text, the answer is a duration or a plain refusal."""
    try:
        duration = Duration.parse(text)
    except ValueError:
        return
    assert Duration.parse(str(duration)) == duration


def test_sums_have_no_float_noise() -> None:
    """A limit that is met to the millisecond is met, whatever binary fractions make of it."""
    assert Duration(3 * Duration.parse("100ms") + Duration.parse("1s")) == Duration.parse("1300ms")


def test_repr_can_be_read() -> None:
    """A failing test or a log shows the duration as people write it."""
    assert repr(Duration(90)) == "Duration.parse('1m30s')"
