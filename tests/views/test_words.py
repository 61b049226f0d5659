"""Numbers, spans and moments in words."""

from __future__ import annotations

import pytest
from support.states import GOOD

from xelinkd.model.words import count, listed, relative, span
from xelinkd.views.words import clock, stamp, when

NOW = GOOD.now.boot


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3.0, "0 s"),
        (0.9, "0 s"),
        (5.2, "5 s"),
        (60.0, "1 min"),
        (723.0, "12 min 3 s"),
        (3600.0, "1 h"),
        (3605.0, "1 h"),
        (12_000.0, "3 h 20 min"),
        (86_395.0, "23 h 59 min"),
        (187_300.0, "2 d 4 h"),
    ],
)
def test_spans(seconds: float, words: str) -> None:
    """People read a span at a glance: two units are enough."""
    assert span(seconds) == words


def test_moments() -> None:
    """A moment of today is told by its time, another with its date, each with how far off it is."""
    assert when(GOOD, NOW - 5) == "07:59:55 UTC (5 s ago)"
    assert when(GOOD, NOW + 86_395) == "2027-01-16 07:59:55 UTC (in 23 h 59 min)"
    assert relative(0.0) == "0 s ago"
    assert stamp(GOOD, NOW) == "2027-01-15T08:00:00Z"


def test_moments_that_cannot_be() -> None:
    """A moment beyond all calendars is told as the last that they have."""
    assert clock(GOOD, 1e15) == "9999-12-31 23:59:59"
    assert clock(GOOD, -1e15) == "1970-01-01 00:00:00"


def test_counts_and_lists() -> None:
    """One is one, and a long list ends with how many more there are."""
    assert (count(1, "link"), count(0, "link")) == ("1 link", "0 links")
    assert listed("abc", 3) == "a, b, c"
    assert listed("abcde", 3) == "a, b, c and 2 more"
