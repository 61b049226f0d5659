"""When the configuration is read again."""

from __future__ import annotations

from itertools import pairwise

import pytest

from xelinkd.supervisor.reloads import AFTER_FAULT, AFTER_NOTHING, NEVER, Reloads, ask, done


def _reload_times(asks: list[float], *, applied: bool = True, ends: float = 60.0) -> list[float]:
    """Live through a course of asks; give when the configuration was read."""
    reloads, times, asks = Reloads(), [], [*asks, ends]
    for now in asks:
        while reloads.due <= now:
            times.append(reloads.due)
            reloads = done(reloads.due, applied=applied)
        reloads = ask(reloads, now)
    return times


def test_nothing_is_read_unasked() -> None:
    """A configuration that nobody touches is not read again."""
    assert Reloads().due == NEVER
    assert done(5.0, applied=True).due == NEVER


def test_the_first_change_is_read_at_once() -> None:
    """A change of the configuration does not wait."""
    assert _reload_times([10.0]) == [10.0]


def test_a_change_after_a_quiet_second_is_read_at_once() -> None:
    """Changes that are no storm do not wait for one another."""
    assert _reload_times([10.0, 11.0, 15.5]) == [10.0, 11.0, 15.5]


@pytest.mark.parametrize("gap", [0.001, 0.09, 0.3, 0.999])
def test_a_storm_gives_one_reload_a_second_and_the_last_content(gap: float) -> None:
    """However often a file changes, the pipeline is replaced once a second, and ends as the file does."""
    asks = [10.0 + gap * n for n in range(round(5 / gap))]
    times = _reload_times(asks)
    assert times[0] == asks[0]
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))
    assert asks[-1] <= times[-1] <= asks[-1] + 1.0


def test_content_that_says_nothing_new_hardly_delays_what_does() -> None:
    """A change that follows a touch of the file applies at once for anyone who watches."""
    assert AFTER_NOTHING <= 0.1
    assert _reload_times([10.0, 10.01], applied=False) == pytest.approx([10.0, 10.0 + AFTER_NOTHING])


def test_asking_again_does_not_put_the_reload_off() -> None:
    """A file that never stops changing is read all the same."""
    assert ask(ask(done(10.0, applied=True), 10.2), 10.9).due == 11.0
    assert ask(ask(done(10.0, applied=True), 20.0), 20.5).due == 20.0


def test_what_could_not_be_read_is_tried_again_until_it_can_be() -> None:
    """A fault that passes without any event keeps a changed configuration back for a second more at most."""
    unread = done(10.0, applied=False, is_whole=False)
    assert (unread.next, unread.due) == (10.0 + AFTER_FAULT, NEVER)
    assert AFTER_FAULT <= 1.0
    assert done(11.0, applied=True).next == NEVER


def test_a_change_does_not_wait_for_the_next_try() -> None:
    """A file that is put right is read at once, whatever was wrong with it."""
    assert ask(done(10.0, applied=False, is_whole=False), 10.2).next == 10.2
    assert ask(done(10.0, applied=False, is_whole=False), 20.0).next == 10.0 + AFTER_FAULT
