"""How long a unit that fails rests before it is started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xelinkd.supervisor.backoff import HEALTHY_AFTER, Failures, delay, failed

if TYPE_CHECKING:
    from collections.abc import Sequence


def _delays(*lives: float, made_progress: bool = False, longest: float = 30.0) -> list[float]:
    return _delays_of([(lived, made_progress) for lived in lives], longest)


def _delays_of(lives: Sequence[tuple[float, bool]], longest: float = 30.0) -> list[float]:
    """Give the delays after lives of so many seconds, each with or without work done."""
    failures, delays = Failures(), []
    for lived, made_progress in lives:
        failures = failed(failures, lived=lived, made_progress=made_progress)
        delays.append(delay(failures, longest=longest))
    return delays


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


def test_a_unit_that_fails_once_before_its_work_is_back_within_a_second() -> None:
    """Who did its work lately is not taken for one that never does."""
    lives = [*[(5.0, True)] * 8, (0.0, False), (0.0, False), (5.0, True), *[(0.0, False)] * 7]
    assert _delays_of(lives)[8:] == pytest.approx([1, 1, 1, 1, 1, 1, 1, 1, 1.6, 3.2])


def test_a_healthy_spell_makes_earlier_failures_forgotten() -> None:
    """A failure after a minute of health is a first one, and repaired at once."""
    assert _delays(0, 0, 0, HEALTHY_AFTER, 0) == pytest.approx([0, 0.1, 0.2, 0, 0.1])
    assert _delays(0, 0, 0, HEALTHY_AFTER - 0.1) == pytest.approx([0, 0.1, 0.2, 0.4])


def test_any_number_of_failures_has_a_delay() -> None:
    """A unit that fails for years is still restarted at the ceiling."""
    assert delay(Failures(10**9, 10**9), longest=30.0) == 30.0
