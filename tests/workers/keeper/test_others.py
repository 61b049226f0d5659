"""What the keeper does when others touch the file."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import field
from support.keeping import (
    FOREIGN,
    LEASE,
    ONE,
    TAMPERINGS,
    TWO,
    WALL,
    Clock,
    Told,
    identity,
    names,
    on_disk,
)

from xelinkd.model.feature_file import FeatureFile
from xelinkd.sinks.feature_file import FeatureFileSink
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from xelinkd.sinks.whole_file import Signature


@pytest.mark.parametrize("tamper", [*TAMPERINGS, *FOREIGN])
def test_a_file_that_others_changed_is_repaired(
    keeper: Keeper, sink: FeatureFileSink, clock: Clock, told: Told, tamper: Callable[[Path], None]
) -> None:
    """Whatever happens to the file, the next look puts the labels back, and nothing is written after that."""
    keeper.step(ONE, clock.boot)
    told()
    tamper(sink.path)
    assert keeper.step()
    assert on_disk(sink) == FeatureFile(ONE, WALL + 1000)
    assert stat.S_IMODE(sink.path.stat().st_mode) == 0o644
    before = identity(sink)
    keeper.step()
    assert identity(sink) == before
    assert ("feature_file_moved_aside" in names(told())) is (tamper in FOREIGN)


class Haunted(FeatureFileSink, frozen=True):
    """A feature file that others touch in the moment after it is written, once for each of these."""

    tamperings: list[Callable[[Path], None]] = field(default_factory=list)

    def write(self, file: FeatureFile) -> Signature:
        """Write it, and let others come."""
        signature = super().write(file)
        if self.tamperings:
            self.tamperings.pop()(self.path)
        return signature


@pytest.mark.parametrize("tamper", [*TAMPERINGS, *FOREIGN])
def test_a_file_that_others_change_at_once_is_repaired(
    sink: FeatureFileSink, clock: Clock, tamper: Callable[[Path], None]
) -> None:
    """What comes in the file's place in the moment after a write is seen like any other change."""
    keeper = Keeper(Haunted(sink.path, sink.staging, tamperings=[tamper]), LEASE, clock, Memory())
    keeper.step(ONE, clock.boot)
    keeper.step()
    assert on_disk(sink) == FeatureFile(ONE, WALL + 1000)
    assert stat.S_IMODE(sink.path.stat().st_mode) == 0o644


@pytest.mark.parametrize("tamper", [*TAMPERINGS, *FOREIGN])
def test_what_others_change_during_a_slow_sync_is_not_overwritten_unseen(
    sink: FeatureFileSink,
    clock: Clock,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    tamper: Callable[[Path], None],
) -> None:
    """While a disk takes its time, another's file may come: it is kept aside before it is replaced."""
    keeper = Keeper(sink, LEASE, clock, Memory())
    keeper.step(ONE, clock.boot)
    sync, tamperings = os.fsync, [tamper]

    def slow(descriptor: int) -> None:
        if tamperings:
            tamperings.pop()(sink.path)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    keeper.step(TWO, clock.boot)
    keeper.step()
    assert on_disk(sink) == FeatureFile(TWO, WALL + 1000)
    assert ("feature_file_moved_aside" in names(told())) is (tamper in FOREIGN)
    assert len(list(sink.staging.iterdir())) == (tamper in FOREIGN)


def test_what_is_not_ours_is_kept(keeper: Keeper, sink: FeatureFileSink, clock: Clock, told: Told) -> None:
    """A file of somebody else stays until there are labels, then makes room for them, and is not lost."""
    sink.path.write_text("mine=1\n")
    keeper.step()
    keeper.step()
    assert sink.path.read_text() == "mine=1\n"
    assert keeper.end is None
    assert names(told()) == ["feature_file_foreign"]
    keeper.step(ONE, clock.boot)
    assert on_disk(sink) == FeatureFile(ONE, WALL + 1000)
    events = told()
    assert names(events) == ["feature_file_moved_aside", "labels_changed"]
    assert Path(events[0]["moved_to"]).read_text() == "mine=1\n"
