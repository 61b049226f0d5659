"""The keeper in any history: a model beside it says what should be true."""

from __future__ import annotations

import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from support.effort import examples
from support.keeping import (
    FOREIGN,
    LEASE,
    NONE,
    ONE,
    TAMPERINGS,
    TWO,
    Clock,
    delete_all,
    identity,
    new_sink,
    on_disk,
)

from xelinkd import logs
from xelinkd.config.schema import Log
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from xelinkd.model.feature_file import FeatureFile


class _Life(RuleBasedStateMachine):
    """A keeper, its file, its clocks, its successors and its enemies; beside them, what should be true."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="keeper-"))
        self.sink = new_sink(self.folder)
        self.clock = Clock()
        self.lines: tuple[str, ...] | None = None  # of the last good observation, while its lease lasts
        self.end = 0.0  # of that lease, by the clock that cannot be set
        self.tampered = False  # since the last step
        self.set_by = 0.0  # how far the wall clock was set since the last write
        self.asides = 0
        self.start()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def start(self) -> None:
        self.keeper = Keeper(self.sink, LEASE, self.clock, Memory())
        self.set_by = 0.0
        found = on_disk(self.sink)
        left = 0.0 if found is None else (LEASE if found.expiry is None else found.expiry - self.clock.wall)
        self.lines = found.lines if found and left > 0 else None
        self.end = self.clock.boot + min(left, LEASE)
        self.step()

    def step(self, lines: tuple[str, ...] | None = None, age: float = 0.0) -> None:
        """Let the keeper act, and hold what it did against what it should."""
        if self.lines is not None and self.clock.boot >= self.end:
            self.lines = None
        if lines is not None:
            self.lines, self.end = lines, self.clock.boot - age + LEASE
        before, was = identity(self.sink), on_disk(self.sink)
        foreign = before is not None and was is None
        must_not_write = self._is_true(was) and not self.tampered and abs(self.set_by) <= 1.5
        assert self.keeper.step(lines, self.clock.boot - age)
        if must_not_write:
            assert identity(self.sink) == before, "written without need"
        elif self.lines is not None:
            self.set_by = 0.0 if identity(self.sink) != before else self.set_by
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
        return on_stamp <= left + 1.5 and (on_stamp >= LEASE / 2 or left - on_stamp <= 1.5)

    def check(self, *, foreign: bool) -> None:
        file = on_disk(self.sink)
        assert self.keeper.end == (None if self.lines is None else self.end)
        if self.lines is None:
            assert file is None
            assert (identity(self.sink) is not None) is foreign, "what is not ours is never removed"
        else:
            assert self._is_true(file)
            assert stat.S_IMODE(self.sink.path.lstat().st_mode) == 0o644
            assert abs(self.set_by) <= 1.5, "the stamp does not follow the clock"

    @rule(lines=st.sampled_from([ONE, TWO, NONE]), age=st.integers(0, 20))
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

    @rule(tamper=st.sampled_from([*TAMPERINGS, *FOREIGN]))
    def file_is_tampered_with(self, tamper: Callable[[Path], None]) -> None:
        if on_disk(self.sink) is not None:
            tamper(self.sink.path)
            self.tampered = True

    @rule()
    def foreign_file_appears(self) -> None:
        if identity(self.sink) is None:
            self.sink.path.write_text("mine=1\n")
            self.tampered = True

    @rule()
    def foreign_file_is_taken_away(self) -> None:
        if identity(self.sink) is not None and on_disk(self.sink) is None:
            self.sink.path.rename(self.folder / "taken away")
            delete_all(self.folder / "taken away")
            self.tampered = True

    @invariant()
    def nothing_foreign_is_lost_and_nothing_is_left_behind(self) -> None:
        staged = list(self.sink.staging.iterdir()) if self.sink.staging.exists() else []
        assert len(staged) == self.asides
        assert all(".foreign" in path.name for path in staged)


def test_the_lease_holds_whatever_happens() -> None:
    """In any history, the file says what was last seen, as long as its lease lasts, no longer, and calmly."""
    logs.configure(Log(level="error", format="json"), "writer")
    run_state_machine_as_test(_Life, settings=settings(examples(100), stateful_step_count=40))
