"""What a node sees of the keeper in its life: labels that come, change, stay and go with their lease."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from support.keeping import (
    LEASE,
    NONE,
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


def test_the_first_observation_writes_the_labels(
    keeper: Keeper, sink: FeatureFileSink, clock: Clock, told: Told
) -> None:
    """A new node has its labels, held for one lease, readable for NFD, as soon as they are known."""
    before = os.umask(0o077)
    try:
        assert keeper.step()
        assert keeper.step(ONE, clock.boot)
    finally:
        os.umask(before)
    assert on_disk(sink) == FeatureFile(ONE, WALL + 1000)
    assert stat.S_IMODE(sink.path.stat().st_mode) == 0o644
    assert keeper.end == clock.boot + LEASE
    (event,) = told()
    assert (event["event"], event["links"], event["added"], event["removed"]) == (
        "labels_changed",
        1,
        ["0.0-1.0"],
        [],
    )


def test_without_an_observation_nothing_is_written(keeper: Keeper, sink: FeatureFileSink) -> None:
    """A node whose topology is unknown gets no label that says "no links"."""
    for _ in range(3):
        assert keeper.step()
    assert on_disk(sink) is None
    assert keeper.end is None


def test_a_steady_node_is_written_twice_a_lease(keeper: Keeper, sink: FeatureFileSink, clock: Clock) -> None:
    """NFD is woken by a renewal at half a lease, and by nothing else."""
    writes, before = [], None
    for _ in range(200):
        assert keeper.step(ONE, clock.boot)
        if (now := identity(sink)) != before:
            writes.append(clock.wall - WALL)
            before = now
        clock.advance(10)
    assert writes == [0, 510, 1020, 1530]


def test_a_steady_node_says_nothing(keeper: Keeper, clock: Clock, told: Told) -> None:
    """After its labels are known, a node in good health logs nothing above debug level."""
    keeper.step(ONE, clock.boot)
    told()
    for _ in range(200):
        clock.advance(10)
        keeper.step(ONE, clock.boot)
    assert {(event["event"], event["level"]) for event in told()} == {("lease_renewed", "debug")}


def test_changed_labels_are_written_at_once(
    keeper: Keeper, sink: FeatureFileSink, clock: Clock, told: Told
) -> None:
    """A link that comes or goes is in the file with the observation that shows it, and in the log."""
    keeper.step(ONE, clock.boot)
    told()
    keeper.step(TWO, clock.boot)
    assert on_disk(sink) == FeatureFile(TWO, WALL + 1000)
    keeper.step(NONE, clock.boot)
    assert on_disk(sink) == FeatureFile(NONE, WALL + 1000)
    changes = [(event["event"], event["added"], event["removed"]) for event in told()]
    assert changes == [("labels_changed", ["0.0-2.0"], []), ("labels_changed", [], ["0.0-1.0", "0.0-2.0"])]


@pytest.mark.parametrize(
    ("age", "left"), [pytest.param(30, 970, id="old"), pytest.param(-30, 1000, id="yet to come")]
)
def test_the_lease_runs_from_the_observation(
    keeper: Keeper, sink: FeatureFileSink, clock: Clock, age: int, left: int
) -> None:
    """Labels hold from when the links were seen, not from when the writer came to it, and no longer."""
    keeper.step(ONE, clock.boot - age)
    assert on_disk(sink) == FeatureFile(ONE, WALL + left)


def test_labels_outlive_the_source_by_one_lease(
    keeper: Keeper, sink: FeatureFileSink, clock: Clock, told: Told
) -> None:
    """While XPU Manager is out, labels stay, on a stamp that is renewed once; then they go, with a word."""
    keeper.step(ONE, clock.boot)
    clock.advance(400)
    keeper.step(ONE, clock.boot)  # good for the last time; the stamp says 600 seconds more
    told()
    stamps = set()
    for _ in range(99):
        clock.advance(10)
        keeper.step()
        file = on_disk(sink)
        assert file is not None
        stamps.add(file.expiry)
    assert stamps == {WALL + 1000, WALL + 1400}
    assert names(told()) == ["lease_renewed"]
    clock.advance(10)
    keeper.step()
    assert on_disk(sink) is None
    assert keeper.end is None
    assert names(told()) == ["lease_ended"]


def test_labels_come_back_with_the_source(keeper: Keeper, sink: FeatureFileSink, clock: Clock) -> None:
    """After the longest outage, one good observation brings the labels back."""
    keeper.step(ONE, clock.boot)
    clock.advance(LEASE)
    keeper.step()
    clock.advance(10 * LEASE)
    keeper.step(ONE, clock.boot)
    assert on_disk(sink) == FeatureFile(ONE, int(clock.wall) + 1000)
