"""What a writer knows, handed on to its successor."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from xelinkd.model.episodes import Episode
from xelinkd.model.feature_file import FeatureFile
from xelinkd.model.lease import Held, Instant
from xelinkd.sinks.feature_file import FeatureFileSink
from xelinkd.sinks.sink import Ours
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import NOTHING, Knowledge, Memory

if TYPE_CHECKING:
    from pathlib import Path

ONE = ("gpu.intel.com/xe-links=0.0-1.0",)
TWO = ("gpu.intel.com/xe-links=0.0-1.0_0.0-2.0",)
LEASE = 1000.0
KNOWN = Knowledge(Held(TWO, 123.25), Episode(frozenset({"OSError"}), 1.5, 2.5))


@pytest.fixture
def sink(tmp_path: Path) -> FeatureFileSink:
    """Give a sink in an empty folder."""
    return FeatureFileSink(tmp_path / "labels.txt", tmp_path / ".xelinkd")


def keeper(sink: FeatureFileSink, memory: Memory, now: Instant) -> Keeper:
    """Give a keeper that lives in one moment."""
    return Keeper(sink, LEASE, lambda: now, memory)


def test_what_is_kept_is_recalled() -> None:
    """A successor knows what its predecessor knew last, to the fraction of a second."""
    memory = Memory()
    assert memory.recall() == NOTHING
    memory.keep(KNOWN)
    assert memory.recall() == KNOWN
    memory.keep(Knowledge(Held(ONE, 7.0)))
    assert memory.recall() == Knowledge(Held(ONE, 7.0))
    memory.keep(NOTHING)
    assert memory.recall() == NOTHING


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 20])
def test_what_was_cut_short_is_not_believed(cut: int) -> None:
    """A writer that is killed while it writes leaves nothing that its successor would take for true."""
    memory = Memory()
    memory.keep(KNOWN)
    os.pwrite(memory.fileno(), bytes(500), cut)
    assert memory.recall() == NOTHING
    memory.keep(Knowledge(Held(ONE, 7.0)))
    os.pwrite(memory.fileno(), b"?", 12)
    assert memory.recall() == NOTHING


def test_labels_outlive_the_file_and_its_writer(sink: FeatureFileSink) -> None:
    """Labels whose file somebody removes while no writer lives are written again by the next one."""
    memory = Memory()
    keeper(sink, memory, Instant(10.0, 1000.0)).step(TWO, 10.0)
    sink.remove()
    keeper(sink, memory, Instant(20.0, 1010.0)).step()
    assert sink.read() == Ours(FeatureFile(TWO, 2000), usable=True)


@pytest.mark.parametrize("jump", [-86400.0, 86400.0])
def test_clock_that_is_set_while_no_writer_lives(sink: FeatureFileSink, jump: float) -> None:
    """A jump of the wall clock at the wrong moment drops no label, and lets none outlast its lease."""
    memory = Memory()
    keeper(sink, memory, Instant(10.0, 100_000.0)).step(TWO, 10.0)
    successor = keeper(sink, memory, Instant(20.0, 100_010.0 + jump))
    successor.step()
    assert successor.end == 1010.0
    assert sink.read() == Ours(FeatureFile(TWO, int(101_000 + jump)), usable=True)


def test_writer_that_dies_before_it_writes(sink: FeatureFileSink) -> None:
    """New labels that could not be written are what the next writer writes, not the old ones."""
    memory = Memory()
    first = keeper(sink, memory, Instant(10.0, 1000.0))
    first.step(ONE, 10.0)
    sink.staging.rename(sink.path.with_name("away"))
    sink.staging.write_text("in the way")
    assert not first.step(TWO, 10.0)
    sink.staging.unlink()
    keeper(sink, memory, Instant(11.0, 1001.0)).step()
    assert sink.read() == Ours(FeatureFile(TWO, 2000), usable=True)


def test_lease_that_was_shortened(sink: FeatureFileSink) -> None:
    """A shorter lease holds for what an earlier writer held, too."""
    memory = Memory()
    keeper(sink, memory, Instant(10.0, 1000.0)).step(TWO, 10.0)
    now = Instant(20.0, 1010.0)
    successor = Keeper(sink, 30.0, lambda: now, memory)
    successor.step()
    assert sink.read() == Ours(FeatureFile(TWO, 1040), usable=True)
