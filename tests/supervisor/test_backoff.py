"""How long a unit that fails rests before it is started again."""

from __future__ import annotations

from functools import reduce

import pytest

from xelinkd.supervisor.backoff import HEALTHY_AFTER, Failures, delay, failed


def _after(*lives: float) -> Failures:
    """Give the failures of a unit whose lives took so many seconds."""
    return reduce(lambda failures, lived: failed(failures, lived=lived), lives, Failures())


def _delays(*lives: float, made_progress: bool = False, longest: float = 30.0) -> list[float]:
    return [
        delay(_after(*lives[:n]), made_progress=made_progress, longest=longest)
        for n in range(1, len(lives) + 1)
    ]


def test_delays_double_up_to_the_ceiling() -> None:
    """The first restart is at once; a unit that keeps failing is tried ever more seldom, but tried."""
    expected = [0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]
    assert _delays(*[0.0] * 12) == pytest.approx(expected)


def test_the_ceiling_is_configurable() -> None:
    """No delay is longer than the longest that is configured, however short that is."""
    assert _delays(*[0.0] * 4, longest=0.15) == pytest.approx([0, 0.1, 0.15, 0.15])


def test_a_unit_that_did_its_work_is_back_within_a_second() -> None:
    """A unit that completes cycles between its failures serves its users as well as it can."""
    assert _delays(*[5.0] * 8, made_progress=True) == pytest.approx([0, 0.1, 0.2, 0.4, 0.8, 1, 1, 1])
    assert _delays(*[5.0] * 4, made_progress=True, longest=0.15) == pytest.approx([0, 0.1, 0.15, 0.15])


def test_a_healthy_spell_makes_earlier_failures_forgotten() -> None:
    """A failure after a minute of health is a first one, and repaired at once."""
    assert _delays(0, 0, 0, HEALTHY_AFTER, 0) == pytest.approx([0, 0.1, 0.2, 0, 0.1])
    assert _delays(0, 0, 0, HEALTHY_AFTER - 0.1) == pytest.approx([0, 0.1, 0.2, 0.4])


def test_any_number_of_failures_has_a_delay() -> None:
    """A unit that fails for years is still restarted at the ceiling."""
    assert delay(Failures(10**9), made_progress=False, longest=30.0) == 30.0
