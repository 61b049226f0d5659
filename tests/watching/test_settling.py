"""When a change is announced, with the clock in the test's hand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xelinkd.watching.chain import Entry
from xelinkd.watching.settling import GRACE, PATIENCE, Change, Pending, Seen, due, noted, relevant

A, B = Entry(Path("/etc"), "a"), Entry(Path("/etc"), "b")
WHOLE, PARTIAL, UNSURE = Change.WHOLE, Change.PARTIAL, Change.UNSURE
History = list[tuple[float, Entry, Change]]


def due_after(*history: tuple[float, Entry, Change]) -> float | None:
    """Give when the announcement is due after some changes, with a settling time of 1 s."""
    pending: dict[Entry, Pending] = {}
    for now, entry, change in history:
        pending = noted(pending, [Seen(entry, change)], now, settle=1.0)
    return due(pending)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([(5.0, A, WHOLE)], 5.0, id="closed"),
        pytest.param([(5.0, A, PARTIAL)], 6.0, id="created"),
        pytest.param([(5.0, A, PARTIAL), (5.5, A, PARTIAL)], 6.5, id="written again"),
        pytest.param([(5.0, A, PARTIAL), (5.5, A, WHOLE)], 5.5, id="written, closed"),
        pytest.param([(5.0, A, PARTIAL), (5.5, A, UNSURE)], 6.0, id="written, chmod"),
        pytest.param([(5.0, A, UNSURE)], 5.0 + GRACE, id="deleted"),
        pytest.param([(5.0, A, UNSURE), (5.01, A, PARTIAL), (5.02, A, WHOLE)], 5.02, id="rm, cp"),
        pytest.param([(5.0, A, PARTIAL), (5.5, B, WHOLE)], 6.0, id="one written, the other closed"),
        pytest.param([(5.0, A, PARTIAL), (5.5, B, WHOLE), (5.7, A, WHOLE)], 5.7, id="both closed"),
    ],
)
def test_when_it_is_due(history: History, expected: float | None) -> None:
    """Whole files count at once, half-written ones when closed or left alone, and hold back the others."""
    assert due_after(*history) == expected


changes = st.tuples(st.floats(0.0, 0.5), st.sampled_from([A, B]), st.sampled_from(Change))


@given(st.lists(changes, min_size=1))
def test_every_change_is_announced_and_no_half_written_file(steps: list[tuple[float, Entry, Change]]) -> None:
    """Whatever happens in whatever order, it is announced within the settling time of the last change."""
    now, history, partial = 0.0, [], {}
    for pause, entry, change in steps:
        now += pause
        history.append((now, entry, change))
        if change is not UNSURE:
            partial[entry] = now if change is PARTIAL else None
    moment = due_after(*history)
    assert moment is not None
    assert moment <= now + 1.0
    assert all(moment >= written + 1.0 for written in partial.values() if written is not None)


def test_what_decides_nothing_any_more_is_forgotten() -> None:
    """A file that is still being written holds nothing back once the configuration is another file."""
    a, b = Pending(6.0, 7.0), Pending(5.0, 5.0)
    assert relevant({A: a, B: b}, {B}) == {B: b}


def test_touches_without_an_end_are_announced_all_the_same() -> None:
    """A file that is touched all the time is looked at as soon as it has been for 2 s."""
    touches = [(5.0 + 0.04 * number, A, UNSURE) for number in range(1000)]
    assert due_after((5.0, A, WHOLE), *touches) == 5.0 + PATIENCE
    assert PATIENCE <= 2.0
