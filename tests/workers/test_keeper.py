"""The keeper, with real files and a clock that the tests set."""

from __future__ import annotations

import json
import os
import resource
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from support.keeping import (
    BOOT,
    FOREIGN,
    LEASE,
    NONE,
    ONE,
    TAMPERINGS,
    TOO_LARGE,
    TWO,
    WALL,
    Clock,
    identity,
    new_sink,
    on_disk,
)

from xelinkd import logs
from xelinkd.config.schema import Log
from xelinkd.model.feature_file import FeatureFile, render
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xelinkd.sinks.feature_file import FeatureFileSink

    Told = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
def sink(tmp_path: Path) -> FeatureFileSink:
    """Give a sink in an empty features.d."""
    return new_sink(tmp_path)


@pytest.fixture
def keeper(sink: FeatureFileSink, clock: Clock) -> Keeper:
    """Give a keeper at the beginning of its life."""
    return Keeper(sink, LEASE, clock, Memory())


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Told:
    """Give a function that gives the events logged since its last call."""
    logs.configure(Log(level="debug", format="json"), "writer")

    def events() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capfd.readouterr().err.splitlines()]

    return events


def _names(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]


# A life without trouble.


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


# The source fails.


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
    assert _names(told()) == ["lease_renewed"]
    clock.advance(10)
    keeper.step()
    assert on_disk(sink) is None
    assert keeper.end is None
    assert _names(told()) == ["lease_ended"]


def test_labels_come_back_with_the_source(keeper: Keeper, sink: FeatureFileSink, clock: Clock) -> None:
    """After the longest outage, one good observation brings the labels back."""
    keeper.step(ONE, clock.boot)
    clock.advance(LEASE)
    keeper.step()
    clock.advance(10 * LEASE)
    keeper.step(ONE, clock.boot)
    assert on_disk(sink) == FeatureFile(ONE, int(clock.wall) + 1000)


# Clocks.


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


# A predecessor's file.


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
    assert _names(events)[0] == "labels_adopted"
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
    assert _names(told()) == ["labels_expired"]


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
    assert _names(told()) == ["labels_adopted"]


# Others touch the file.


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
    assert ("feature_file_moved_aside" in _names(told())) is (tamper in FOREIGN)


def test_what_is_not_ours_is_kept(keeper: Keeper, sink: FeatureFileSink, clock: Clock, told: Told) -> None:
    """A file of somebody else stays until there are labels, then makes room for them, and is not lost."""
    sink.path.write_text("mine=1\n")
    keeper.step()
    keeper.step()
    assert sink.path.read_text() == "mine=1\n"
    assert keeper.end is None
    assert _names(told()) == ["feature_file_foreign"]
    keeper.step(ONE, clock.boot)
    assert on_disk(sink) == FeatureFile(ONE, WALL + 1000)
    events = told()
    assert _names(events) == ["feature_file_moved_aside", "labels_changed"]
    assert Path(events[0]["moved_to"]).read_text() == "mine=1\n"


# The folder, or the disk, fails.


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
        assert _names(told()) == ["feature_file_failing"]
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
    assert _names(told()) == ["feature_file_failing", "lease_renewed"]
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
