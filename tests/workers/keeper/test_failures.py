"""The keeper where the folder or the disk fails, and with labels that no file takes."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
from support.keeping import (
    LEASE,
    ONE,
    TOO_LARGE,
    WALL,
    Clock,
    Told,
    names,
    on_disk,
)

from xelinkd.model.feature_file import FeatureFile, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xelinkd.sinks.feature_file import FeatureFileSink
    from xelinkd.workers.keeper import Keeper


@contextmanager
def _no_folder(sink: FeatureFileSink) -> Iterator[None]:
    aside = sink.path.parent.with_name("aside")
    sink.path.parent.rename(aside)
    yield
    aside.rename(sink.path.parent)


@contextmanager
def _file_as_folder(sink: FeatureFileSink) -> Iterator[None]:
    with _no_folder(sink):
        sink.path.parent.touch()
        yield
        sink.path.parent.unlink()


@contextmanager
def _unsearchable_folder(sink: FeatureFileSink) -> Iterator[None]:
    with _no_folder(sink):
        sink.path.parent.symlink_to(sink.path.parent)
        yield
        sink.path.parent.unlink()


@contextmanager
def _full_disk(sink: FeatureFileSink) -> Iterator[None]:  # noqa: ARG001  the whole disk
    """Let no file grow to the size of labels in two parts; log lines are shorter."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


_LARGE: Final = tuple(f"gpu.intel.com/xe-links{n}=Z{'0' * 62}" for n in range(100))


@pytest.mark.parametrize("failure", [_no_folder, _file_as_folder, _unsearchable_folder, _full_disk])
def test_labels_that_could_not_be_written_are_written_later(
    keeper: Keeper,
    sink: FeatureFileSink,
    clock: Clock,
    told: Told,
    failure: Callable[[FeatureFileSink], Any],
) -> None:
    """A fault of the folder or the disk is told once, tried against at each step, and mended by itself."""
    with failure(sink):
        for _ in range(5):
            clock.advance(10)
            assert not keeper.step(_LARGE, clock.boot)
        assert names(told()) == ["feature_file_failing"]
    clock.advance(10)
    assert keeper.step()
    assert sink.path.read_bytes() == render(FeatureFile(_LARGE, int(clock.wall) + 990))
    events = {event["event"]: event for event in told()}
    assert set(events) == {"labels_changed", "feature_file_recovered"}
    assert events["feature_file_recovered"]["lasted_seconds"] == 50


@pytest.mark.parametrize("failure", [_no_folder, _file_as_folder, _unsearchable_folder])
def test_a_lease_ends_even_where_the_file_cannot_be_seen(
    keeper: Keeper, sink: FeatureFileSink, clock: Clock, failure: Callable[[FeatureFileSink], Any]
) -> None:
    """A fault at the end of a lease neither prolongs it nor keeps the writer busy; the file goes later."""
    keeper.step(ONE, clock.boot)
    with failure(sink):
        clock.advance(LEASE)
        keeper.step()
        assert keeper.end is None
    assert keeper.step()
    assert on_disk(sink) is None


def test_labels_that_nfd_would_ignore_are_refused(
    keeper: Keeper, sink: FeatureFileSink, clock: Clock, told: Told
) -> None:
    """Labels that do not fit into a file for NFD replace nothing; those it has are kept true to their end."""
    keeper.step(ONE, clock.boot)
    clock.advance(400)
    keeper.step(ONE, clock.boot)
    told()
    for _ in range(99):
        clock.advance(10)
        assert not keeper.step(TOO_LARGE, clock.boot)
        file = on_disk(sink)
        assert file is not None
        assert file.lines == ONE
        assert file.expiry is not None
        assert file.expiry > clock.wall
    assert names(told()) == ["feature_file_failing", "lease_renewed"]
    clock.advance(10)
    keeper.step(TOO_LARGE, clock.boot)
    assert on_disk(sink) is None


def test_a_refused_observation_does_not_keep_a_damaged_file(
    keeper: Keeper, sink: FeatureFileSink, clock: Clock
) -> None:
    """The labels held are repaired although newer ones cannot be written."""
    keeper.step(ONE, clock.boot)
    sink.path.unlink()
    assert not keeper.step(TOO_LARGE, clock.boot)
    assert on_disk(sink) == FeatureFile(ONE, WALL + 1000)
