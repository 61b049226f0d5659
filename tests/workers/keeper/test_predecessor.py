"""What the keeper does with labels that somebody left before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.keeping import (
    BOOT,
    ONE,
    TWO,
    WALL,
    Clock,
    Told,
    identity,
    names,
    on_disk,
)

from xelinkd.model.feature_file import FeatureFile

if TYPE_CHECKING:
    from xelinkd.sinks.feature_file import FeatureFileSink
    from xelinkd.workers.keeper import Keeper


@pytest.mark.parametrize(
    ("expiry", "held"),
    [
        pytest.param(WALL + 700, 700, id="a stamp to come holds"),
        pytest.param(WALL + 300, 300, id="a stamp soon to come holds, and no longer"),
        pytest.param(WALL + 1000, 1000, id="a whole lease"),
        pytest.param(WALL + 90_000, 1000, id="a longer one is capped"),
        pytest.param(None, 1000, id="no stamp, as the Go program: one lease, stamped at once"),
    ],
)
def test_a_predecessors_labels_are_adopted(
    keeper: Keeper, sink: FeatureFileSink, told: Told, *, expiry: int | None, held: int
) -> None:
    """A restart, an upgrade, a change from the Go program: the labels stay, for as long as they are good."""
    sink.write(FeatureFile(TWO, expiry))
    before = identity(sink)
    keeper.step()
    assert keeper.end == BOOT + held
    assert on_disk(sink) == FeatureFile(TWO, WALL + held)
    assert (identity(sink) == before) is (expiry == WALL + held)
    events = told()
    assert names(events)[0] == "labels_adopted"
    assert (events[0]["links"], events[0]["lease_seconds"]) == (2, held)


@pytest.mark.parametrize("age", [0, 1, 10**6])
def test_expired_labels_are_removed_at_start(
    keeper: Keeper, sink: FeatureFileSink, told: Told, age: int
) -> None:
    """Labels whose time is over do not come back to life by a restart."""
    sink.write(FeatureFile(ONE, WALL - age))
    keeper.step()
    assert on_disk(sink) is None
    assert keeper.end is None
    assert names(told()) == ["labels_expired"]


def test_labels_that_come_to_light_late_are_adopted(keeper: Keeper, sink: FeatureFileSink) -> None:
    """A folder that is mounted after the start, while the source is dead, costs no label."""
    keeper.step()
    assert keeper.end is None
    sink.write(FeatureFile(TWO, WALL + 700))
    keeper.step()
    assert keeper.end == BOOT + 700
    assert on_disk(sink) == FeatureFile(TWO, WALL + 700)


def test_what_is_confirmed_is_not_written_again(
    keeper: Keeper, sink: FeatureFileSink, clock: Clock, told: Told
) -> None:
    """One cycle over a file that says the truth, as of `xelinkd once` from a timer, does not wake NFD."""
    sink.write(FeatureFile(ONE, WALL + 900))
    before = identity(sink)
    keeper.step(ONE, clock.boot)
    assert identity(sink) == before
    assert keeper.end == clock.boot + 1000
    assert names(told()) == ["labels_adopted"]
