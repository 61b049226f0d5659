"""The keeper on clocks that are set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.keeping import (
    ONE,
    WALL,
    Clock,
    identity,
    on_disk,
)

from xelinkd.model.feature_file import FeatureFile

if TYPE_CHECKING:
    from xelinkd.sinks.feature_file import FeatureFileSink
    from xelinkd.workers.keeper import Keeper


@pytest.mark.parametrize("jump", [-86_400, -2, 2, 100, 86_400])
def test_a_clock_that_was_set_changes_the_stamp_and_not_the_lease(
    keeper: Keeper, sink: FeatureFileSink, clock: Clock, jump: int
) -> None:
    """Setting the wall clock neither costs labels nor lengthens their life."""
    keeper.step(ONE, clock.boot)
    clock.wall += jump
    keeper.step()
    assert on_disk(sink) == FeatureFile(ONE, WALL + 1000 + jump)
    assert keeper.end == clock.boot + 1000


def test_a_clock_that_is_disciplined_costs_no_write(
    keeper: Keeper, sink: FeatureFileSink, clock: Clock
) -> None:
    """Steps of a second, as a time server makes them, do not wake NFD."""
    keeper.step(ONE, clock.boot)
    before = identity(sink)
    for step in (1, -1, -1, 1):
        clock.wall += step
        keeper.step()
    assert identity(sink) == before


def test_a_node_that_boots_in_1970_keeps_its_labels(
    keeper: Keeper, sink: FeatureFileSink, clock: Clock
) -> None:
    """Labels survive a boot without battery-backed clock, and the time server's correction."""
    sink.write(FeatureFile(ONE, WALL + 600))
    clock.wall = 100.0
    keeper.step()
    assert on_disk(sink) == FeatureFile(ONE, 1100)
    clock.wall = float(WALL)
    keeper.step()
    assert on_disk(sink) == FeatureFile(ONE, WALL + 1000)
