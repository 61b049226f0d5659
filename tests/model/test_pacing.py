"""How long a server that failed us is left alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xelinkd.model.pacing import FIRST, LEAST, LONGEST, MOST_ASKED_FOR, STEADY, Pace, ceiling, failed

CHANCES = st.floats(0, 1)


def test_waits_double_up_to_a_ceiling() -> None:
    """A short fault costs a moment, a long one is asked about every few minutes."""
    pace, waits = STEADY, []
    for _ in range(10):
        pace = failed(pace, 0.0, chance=1.0)
        waits.append(pace.until)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_waits_are_spread_by_chance() -> None:
    """Nodes that failed together do not come back together: they spread over three quarters of the wait."""
    assert failed(Pace(5), 100.0, chance=0.0).until == 100 + 16
    assert failed(Pace(5), 100.0, chance=0.5).until == 100 + 40
    assert failed(Pace(5), 100.0, chance=1.0).until == 100 + 64


def test_retry_after_is_honoured_and_capped() -> None:
    """Who is asked to wait waits that long and a time of its own more, but not for ever."""
    assert failed(STEADY, 0.0, chance=0.0, asked_for=30).until == 30.5
    assert failed(STEADY, 0.0, chance=0.0, asked_for=10**9).until == MOST_ASKED_FOR + 0.5
    assert failed(STEADY, 0.0, chance=0.0, asked_for=-5).until == 0.5


@given(failures=st.integers(0, 10**6), now=st.floats(0, 1e9), chance=CHANCES, asked_for=st.floats(-1e9, 1e9))
def test_waits_are_bounded(failures: int, now: float, chance: float, asked_for: float) -> None:
    """No wait is longer than the ceiling and what was asked for, and none is shorter than a quarter."""
    after = failed(Pace(failures), now, chance, asked_for)
    longest = ceiling(failures)
    assert FIRST <= longest <= LONGEST
    assert after.failures == failures + 1
    assert now + longest * LEAST <= after.until <= now + longest + MOST_ASKED_FOR


@given(st.lists(CHANCES, min_size=100, max_size=100))
def test_attempts_of_an_hour_are_few(chances: list[float]) -> None:
    """However chance has it, a server that always fails is asked at most 56 times in its first hour."""
    pace, attempts = STEADY, 0
    for chance in chances:
        if pace.until >= 3600:
            break
        attempts += 1
        pace = failed(pace, pace.until, chance)
    assert attempts <= 56
