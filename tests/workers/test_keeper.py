"""The keeper, with real files and a clock that the tests set."""

from __future__ import annotations

import json
import os
import resource
import shutil
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from xelinkd import logs
from xelinkd.config.schema import Log
from xelinkd.model.feature_file import FeatureFile, read, render
from xelinkd.model.lease import Instant
from xelinkd.sinks.feature_file import FeatureFileSink
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Told = Callable[[], list[dict[str, Any]]]

_LEASE: Final = 1000.0
_BOOT: Final = 5000.0
_WALL: Final = 1_782_864_000
_ONE: Final = ("gpu.intel.com/xe-links=0.0-1.0",)
_TWO: Final = ("gpu.intel.com/xe-links=0.0-1.0_0.0-2.0",)
_NONE: Final = ("gpu.intel.com/xe-links=",)
_TOO_LARGE: Final = tuple(f"gpu.intel.com/xe-links{n}=Z{'0' * 62}" for n in range(1000))


class _Clock:
    """Both clocks, set by hand; whole seconds, so that sums are exact."""

    def __init__(self) -> None:
        self.boot = _BOOT
        self.wall = float(_WALL)

    def __call__(self) -> Instant:
        return Instant(self.boot, self.wall)

    def advance(self, seconds: float) -> None:
        self.boot += seconds
        self.wall += seconds


@pytest.fixture
def clock() -> _Clock:
    """Give a clock that stands still."""
    return _Clock()


@pytest.fixture
def sink(tmp_path: Path) -> FeatureFileSink:
    """Give a sink in an empty features.d."""
    return _sink(tmp_path)


def _sink(folder: Path) -> FeatureFileSink:
    (folder / "features.d").mkdir()
    path = folder / "features.d" / "labels.txt"
    return FeatureFileSink(path, path.parent / ".xelinkd")


@pytest.fixture
def keeper(sink: FeatureFileSink, clock: _Clock) -> Keeper:
    """Give a keeper at the beginning of its life."""
    return Keeper(sink, _LEASE, clock, Memory())


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Told:
    """Give a function that gives the events logged since its last call."""
    logs.configure(Log(level="debug", format="json"), "writer")

    def events() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capfd.readouterr().err.splitlines()]

    return events


def _names(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]


def _on_disk(sink: FeatureFileSink) -> FeatureFile | None:
    """Give the feature file as NFD would read it."""
    try:
        found = sink.path.lstat()
    except OSError:
        return None
    return read(sink.path.read_bytes()) if stat.S_ISREG(found.st_mode) else None


def _identity(sink: FeatureFileSink) -> tuple[int, ...] | None:
    """Give what no write leaves as it was."""
    try:
        found = sink.path.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


# A life without trouble.


def test_the_first_observation_writes_the_labels(
    keeper: Keeper, sink: FeatureFileSink, clock: _Clock, told: Told
) -> None:
    """A new node has its labels, held for one lease, readable for NFD, as soon as they are known."""
    before = os.umask(0o077)
    try:
        assert keeper.step()
        assert keeper.step(_ONE, clock.boot)
    finally:
        os.umask(before)
    assert _on_disk(sink) == FeatureFile(_ONE, _WALL + 1000)
    assert stat.S_IMODE(sink.path.stat().st_mode) == 0o644
    assert keeper.end == clock.boot + _LEASE
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
    assert _on_disk(sink) is None
    assert keeper.end is None


def test_a_steady_node_is_written_twice_a_lease(keeper: Keeper, sink: FeatureFileSink, clock: _Clock) -> None:
    """NFD is woken by a renewal at half a lease, and by nothing else."""
    writes, before = [], None
    for _ in range(200):
        assert keeper.step(_ONE, clock.boot)
        if (now := _identity(sink)) != before:
            writes.append(clock.wall - _WALL)
            before = now
        clock.advance(10)
    assert writes == [0, 510, 1020, 1530]


def test_a_steady_node_says_nothing(keeper: Keeper, clock: _Clock, told: Told) -> None:
    """After its labels are known, a node in good health logs nothing above debug level."""
    keeper.step(_ONE, clock.boot)
    told()
    for _ in range(200):
        clock.advance(10)
        keeper.step(_ONE, clock.boot)
    assert {(event["event"], event["level"]) for event in told()} == {("lease_renewed", "debug")}


def test_changed_labels_are_written_at_once(
    keeper: Keeper, sink: FeatureFileSink, clock: _Clock, told: Told
) -> None:
    """A link that comes or goes is in the file with the observation that shows it, and in the log."""
    keeper.step(_ONE, clock.boot)
    told()
    keeper.step(_TWO, clock.boot)
    assert _on_disk(sink) == FeatureFile(_TWO, _WALL + 1000)
    keeper.step(_NONE, clock.boot)
    assert _on_disk(sink) == FeatureFile(_NONE, _WALL + 1000)
    changes = [(event["event"], event["added"], event["removed"]) for event in told()]
    assert changes == [("labels_changed", ["0.0-2.0"], []), ("labels_changed", [], ["0.0-1.0", "0.0-2.0"])]


@pytest.mark.parametrize(
    ("age", "left"), [pytest.param(30, 970, id="old"), pytest.param(-30, 1000, id="yet to come")]
)
def test_the_lease_runs_from_the_observation(
    keeper: Keeper, sink: FeatureFileSink, clock: _Clock, age: int, left: int
) -> None:
    """Labels hold from when the links were seen, not from when the writer came to it, and no longer."""
    keeper.step(_ONE, clock.boot - age)
    assert _on_disk(sink) == FeatureFile(_ONE, _WALL + left)


# The source fails.


def test_labels_outlive_the_source_by_one_lease(
    keeper: Keeper, sink: FeatureFileSink, clock: _Clock, told: Told
) -> None:
    """While XPU Manager is out, labels stay, on a stamp that is renewed once; then they go, with a word."""
    keeper.step(_ONE, clock.boot)
    clock.advance(400)
    keeper.step(_ONE, clock.boot)  # good for the last time; the stamp says 600 seconds more
    told()
    stamps = set()
    for _ in range(99):
        clock.advance(10)
        keeper.step()
        file = _on_disk(sink)
        assert file is not None
        stamps.add(file.expiry)
    assert stamps == {_WALL + 1000, _WALL + 1400}
    assert _names(told()) == ["lease_renewed"]
    clock.advance(10)
    keeper.step()
    assert _on_disk(sink) is None
    assert keeper.end is None
    assert _names(told()) == ["lease_ended"]


def test_labels_come_back_with_the_source(keeper: Keeper, sink: FeatureFileSink, clock: _Clock) -> None:
    """After the longest outage, one good observation brings the labels back."""
    keeper.step(_ONE, clock.boot)
    clock.advance(_LEASE)
    keeper.step()
    clock.advance(10 * _LEASE)
    keeper.step(_ONE, clock.boot)
    assert _on_disk(sink) == FeatureFile(_ONE, int(clock.wall) + 1000)


# Clocks.


@pytest.mark.parametrize("jump", [-86_400, -2, 2, 100, 86_400])
def test_a_clock_that_was_set_changes_the_stamp_and_not_the_lease(
    keeper: Keeper, sink: FeatureFileSink, clock: _Clock, jump: int
) -> None:
    """Setting the wall clock neither costs labels nor lengthens their life."""
    keeper.step(_ONE, clock.boot)
    clock.wall += jump
    keeper.step()
    assert _on_disk(sink) == FeatureFile(_ONE, _WALL + 1000 + jump)
    assert keeper.end == clock.boot + 1000


def test_a_clock_that_is_disciplined_costs_no_write(
    keeper: Keeper, sink: FeatureFileSink, clock: _Clock
) -> None:
    """Steps of a second, as a time server makes them, do not wake NFD."""
    keeper.step(_ONE, clock.boot)
    before = _identity(sink)
    for step in (1, -1, -1, 1):
        clock.wall += step
        keeper.step()
    assert _identity(sink) == before


def test_a_node_that_boots_in_1970_keeps_its_labels(
    keeper: Keeper, sink: FeatureFileSink, clock: _Clock
) -> None:
    """Labels survive a boot without battery-backed clock, and the time server's correction."""
    sink.write(FeatureFile(_ONE, _WALL + 600))
    clock.wall = 100.0
    keeper.step()
    assert _on_disk(sink) == FeatureFile(_ONE, 1100)
    clock.wall = float(_WALL)
    keeper.step()
    assert _on_disk(sink) == FeatureFile(_ONE, _WALL + 1000)


# A predecessor's file.


@pytest.mark.parametrize(
    ("expiry", "held"),
    [
        pytest.param(_WALL + 700, 700, id="a stamp to come holds"),
        pytest.param(_WALL + 300, 300, id="a stamp soon to come holds, and no longer"),
        pytest.param(_WALL + 1000, 1000, id="a whole lease"),
        pytest.param(_WALL + 90_000, 1000, id="a longer one is capped"),
        pytest.param(None, 1000, id="no stamp, as the Go program: one lease, stamped at once"),
    ],
)
def test_a_predecessors_labels_are_adopted(
    keeper: Keeper, sink: FeatureFileSink, told: Told, *, expiry: int | None, held: int
) -> None:
    """A restart, an upgrade, a change from the Go program: the labels stay, for as long as they are good."""
    sink.write(FeatureFile(_TWO, expiry))
    before = _identity(sink)
    keeper.step()
    assert keeper.end == _BOOT + held
    assert _on_disk(sink) == FeatureFile(_TWO, _WALL + held)
    assert (_identity(sink) == before) is (expiry == _WALL + held)
    events = told()
    assert _names(events)[0] == "labels_adopted"
    assert (events[0]["links"], events[0]["lease_seconds"]) == (2, held)


@pytest.mark.parametrize("age", [0, 1, 10**6])
def test_expired_labels_are_removed_at_start(
    keeper: Keeper, sink: FeatureFileSink, told: Told, age: int
) -> None:
    """Labels whose time is over do not come back to life by a restart."""
    sink.write(FeatureFile(_ONE, _WALL - age))
    keeper.step()
    assert _on_disk(sink) is None
    assert keeper.end is None
    assert _names(told()) == ["labels_expired"]


def test_labels_that_come_to_light_late_are_adopted(keeper: Keeper, sink: FeatureFileSink) -> None:
    """A folder that is mounted after the start, while the source is dead, costs no label."""
    keeper.step()
    assert keeper.end is None
    sink.write(FeatureFile(_TWO, _WALL + 700))
    keeper.step()
    assert keeper.end == _BOOT + 700
    assert _on_disk(sink) == FeatureFile(_TWO, _WALL + 700)


def test_what_is_confirmed_is_not_written_again(
    keeper: Keeper, sink: FeatureFileSink, clock: _Clock, told: Told
) -> None:
    """One cycle over a file that says the truth, as of `xelinkd once` from a timer, does not wake NFD."""
    sink.write(FeatureFile(_ONE, _WALL + 900))
    before = _identity(sink)
    keeper.step(_ONE, clock.boot)
    assert _identity(sink) == before
    assert keeper.end == clock.boot + 1000
    assert _names(told()) == ["labels_adopted"]


# Others touch the file.


def _delete(path: Path) -> None:
    path.unlink()


def _delete_all(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _hide(path: Path) -> None:
    path.chmod(0o600)


def _relabel(path: Path) -> None:
    path.write_bytes(render(FeatureFile(_TWO, _WALL + 1000)))


def _unstamp(path: Path) -> None:
    path.write_bytes(render(FeatureFile(_ONE, None)))


def _prolong(path: Path) -> None:
    path.write_bytes(render(FeatureFile(_ONE, _WALL + 90_000)))


def _scribble(path: Path) -> None:
    path.write_text("mine=1\n")


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    (path / "inside").mkdir(parents=True)


_TAMPERINGS = (_delete, _hide, _relabel, _unstamp, _prolong)
_FOREIGN = (_scribble, _link, _pipe, _folder)


@pytest.mark.parametrize("tamper", [*_TAMPERINGS, *_FOREIGN])
def test_a_file_that_others_changed_is_repaired(
    keeper: Keeper, sink: FeatureFileSink, clock: _Clock, told: Told, tamper: Callable[[Path], None]
) -> None:
    """Whatever happens to the file, the next look puts the labels back, and nothing is written after that."""
    keeper.step(_ONE, clock.boot)
    told()
    tamper(sink.path)
    assert keeper.step()
    assert _on_disk(sink) == FeatureFile(_ONE, _WALL + 1000)
    assert stat.S_IMODE(sink.path.stat().st_mode) == 0o644
    before = _identity(sink)
    keeper.step()
    assert _identity(sink) == before
    assert ("feature_file_moved_aside" in _names(told())) is (tamper in _FOREIGN)


def test_what_is_not_ours_is_kept(keeper: Keeper, sink: FeatureFileSink, clock: _Clock, told: Told) -> None:
    """A file of somebody else stays until there are labels, then makes room for them, and is not lost."""
    sink.path.write_text("mine=1\n")
    keeper.step()
    keeper.step()
    assert sink.path.read_text() == "mine=1\n"
    assert keeper.end is None
    assert _names(told()) == ["feature_file_foreign"]
    keeper.step(_ONE, clock.boot)
    assert _on_disk(sink) == FeatureFile(_ONE, _WALL + 1000)
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
    clock: _Clock,
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
    keeper: Keeper, sink: FeatureFileSink, clock: _Clock, failure: Callable[[FeatureFileSink], Any]
) -> None:
    """A fault at the end of a lease neither prolongs it nor keeps the writer busy; the file goes later."""
    keeper.step(_ONE, clock.boot)
    with failure(sink):
        clock.advance(_LEASE)
        keeper.step()
        assert keeper.end is None
    assert keeper.step()
    assert _on_disk(sink) is None


def test_labels_that_nfd_would_ignore_are_refused(
    keeper: Keeper, sink: FeatureFileSink, clock: _Clock, told: Told
) -> None:
    """Labels that do not fit into a file for NFD replace nothing; those it has are kept true to their end."""
    keeper.step(_ONE, clock.boot)
    clock.advance(400)
    keeper.step(_ONE, clock.boot)
    told()
    for _ in range(99):
        clock.advance(10)
        assert not keeper.step(_TOO_LARGE, clock.boot)
        file = _on_disk(sink)
        assert file is not None
        assert file.lines == _ONE
        assert file.expiry is not None
        assert file.expiry > clock.wall
    assert _names(told()) == ["feature_file_failing", "lease_renewed"]
    clock.advance(10)
    keeper.step(_TOO_LARGE, clock.boot)
    assert _on_disk(sink) is None


def test_a_refused_observation_does_not_keep_a_damaged_file(
    keeper: Keeper, sink: FeatureFileSink, clock: _Clock
) -> None:
    """The labels held are repaired although newer ones cannot be written."""
    keeper.step(_ONE, clock.boot)
    sink.path.unlink()
    assert not keeper.step(_TOO_LARGE, clock.boot)
    assert _on_disk(sink) == FeatureFile(_ONE, _WALL + 1000)


# All of it, in any order.


class _Life(RuleBasedStateMachine):
    """A keeper, its file, its clocks, its successors and its enemies; beside them, what should be true."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="keeper-"))
        self.sink = _sink(self.folder)
        self.clock = _Clock()
        self.lines: tuple[str, ...] | None = None  # of the last good observation, while its lease lasts
        self.end = 0.0  # of that lease, by the clock that cannot be set
        self.tampered = False  # since the last step
        self.set_by = 0.0  # how far the wall clock was set since the last write
        self.asides = 0
        self.start()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def start(self) -> None:
        self.keeper = Keeper(self.sink, _LEASE, self.clock, Memory())
        self.set_by = 0.0
        found = _on_disk(self.sink)
        left = 0.0 if found is None else (_LEASE if found.expiry is None else found.expiry - self.clock.wall)
        self.lines = found.lines if found and left > 0 else None
        self.end = self.clock.boot + min(left, _LEASE)
        self.step()

    def step(self, lines: tuple[str, ...] | None = None, age: float = 0.0) -> None:
        """Let the keeper act, and hold what it did against what it should."""
        if self.lines is not None and self.clock.boot >= self.end:
            self.lines = None
        if lines is not None:
            self.lines, self.end = lines, self.clock.boot - age + _LEASE
        before, was = _identity(self.sink), _on_disk(self.sink)
        foreign = before is not None and was is None
        must_not_write = self._is_true(was) and not self.tampered and abs(self.set_by) <= 1.5
        assert self.keeper.step(lines, self.clock.boot - age)
        if must_not_write:
            assert _identity(self.sink) == before, "written without need"
        elif self.lines is not None:
            self.set_by = 0.0 if _identity(self.sink) != before else self.set_by
            self.asides += foreign
        self.tampered = False
        self.check(foreign=foreign)

    def _is_true(self, file: FeatureFile | None) -> bool:
        """Tell whether a file can stay as it is."""
        if file is None or self.lines is None:
            return file is None and self.lines is None
        left = self.end - self.clock.boot
        if file.lines != self.lines or file.expiry is None:
            return False
        on_stamp = file.expiry - self.clock.wall
        return on_stamp <= left + 1.5 and (on_stamp >= _LEASE / 2 or left - on_stamp <= 1.5)

    def check(self, *, foreign: bool) -> None:
        file = _on_disk(self.sink)
        assert self.keeper.end == (None if self.lines is None else self.end)
        if self.lines is None:
            assert file is None
            assert (_identity(self.sink) is not None) is foreign, "what is not ours is never removed"
        else:
            assert self._is_true(file)
            assert stat.S_IMODE(self.sink.path.lstat().st_mode) == 0o644
            assert abs(self.set_by) <= 1.5, "the stamp does not follow the clock"

    @rule(lines=st.sampled_from([_ONE, _TWO, _NONE]), age=st.integers(0, 20))
    def good_observation(self, lines: tuple[str, ...], age: int) -> None:
        self.step(lines, age)

    @rule()
    def unknown(self) -> None:
        self.step()

    @rule(seconds=st.sampled_from([0.25, 10, 100, 499, 500, 501, 980, 1000, 5000]))
    def time_passes_or_the_node_is_suspended(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.sampled_from([0.5, -0.5, 1, -1, 2, -2, 300, -300, 86_400, -86_400, 10**7, -(10**7)]))
    def wall_clock_is_set(self, seconds: float) -> None:
        self.clock.wall += seconds
        self.set_by += seconds

    @rule()
    def writer_restarts(self) -> None:
        self.start()

    @rule(tamper=st.sampled_from([*_TAMPERINGS, *_FOREIGN]))
    def file_is_tampered_with(self, tamper: Callable[[Path], None]) -> None:
        if _on_disk(self.sink) is not None:
            tamper(self.sink.path)
            self.tampered = True

    @rule()
    def foreign_file_appears(self) -> None:
        if _identity(self.sink) is None:
            self.sink.path.write_text("mine=1\n")
            self.tampered = True

    @rule()
    def foreign_file_is_taken_away(self) -> None:
        if _identity(self.sink) is not None and _on_disk(self.sink) is None:
            self.sink.path.rename(self.folder / "taken away")
            _delete_all(self.folder / "taken away")
            self.tampered = True

    @invariant()
    def nothing_foreign_is_lost_and_nothing_is_left_behind(self) -> None:
        staged = list(self.sink.staging.iterdir()) if self.sink.staging.exists() else []
        assert len(staged) == self.asides
        assert all(".foreign" in path.name for path in staged)


def test_the_lease_holds_whatever_happens() -> None:
    """In any history, the file says what was last seen, as long as its lease lasts, no longer, and calmly."""
    logs.configure(Log(level="error", format="json"), "writer")
    run_state_machine_as_test(
        _Life, settings=settings(derandomize=True, deadline=None, max_examples=100, stateful_step_count=40)
    )
