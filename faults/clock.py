"""The faults of the clock: the wall clock is set, the machine is suspended.

Only the daemon sees it (preload.c): the machine's own clocks are left alone.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from support.daemon import wait_until

from faults.ordeal import Findings, Ordeal
from faults.preload import Preload, preload
from faults.rig import AFTER, BEFORE, INTERVAL, Rig, standing, true_labels
from faults.watch import watching
from xelinkd.model.feature_file import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults.record import Labels
    from faults.watch import Watch

_DAY: Final = 86400.0
_AT_ONCE: Final = INTERVAL + 1.0  # seconds
_PATIENCE: Final = 20.0  # seconds
_TOLERANCE: Final = 2.0  # seconds; the stamp has whole ones, and is not rewritten for less than 1.5
_A_WHILE: Final = 8 * INTERVAL


@dataclass(slots=True)
class _Scene:
    """A daemon whose clocks can be set, and what was seen of it."""

    rig: Rig
    clocks: Preload
    watch: Watch
    lease: float
    slowest: float = 0.0
    complaints: list[str] = field(default_factory=list)

    def wait_for_a_true_stamp(self, ahead: float, confirmed: float | None = None) -> None:
        """Measure how long it takes; `confirmed`: when the labels were (time.time), if not just now."""
        began = time.monotonic()
        wait_until(lambda: self._stamp_is_true(ahead, confirmed), "a true stamp", _PATIENCE)
        self.slowest = max(self.slowest, time.monotonic() - began)

    def _stamp_is_true(self, ahead: float, confirmed: float | None) -> bool:
        found = read(self.rig.daemon.file.read_bytes())
        assert found is not None  # noqa: S101  else the judge of labels says so
        assert found.expiry is not None  # noqa: S101
        confirmed = time.time() if confirmed is None else confirmed
        return abs(found.expiry - ahead - self.lease - confirmed) < _TOLERANCE

    def findings(self, *truths: Labels) -> Findings:
        """Sum up; the truths are what the file had to say, one after the other."""
        seen = [sighting.labels for sighting in self.watch.sightings]
        if seen != list(truths):
            self.complaints.append(f"the labels were one after the other: {seen}")
        if self.slowest > _AT_ONCE:
            self.complaints.append(f"the stamp was wrong for {self.slowest:.2f} s")
        self.complaints += [f"{name} died" for name in self.watch.deaths]
        return Findings(self.slowest, self.watch.peak_mib, tuple(self.complaints))


@contextmanager
def _scene(lease: float) -> Iterator[_Scene]:
    with standing() as rig:
        clocks = preload(rig)
        rig.daemon.configure(feature_file={"lease": f"{lease:.0f}s"})
        rig.daemon.start()
        rig.wait_for_labels(true_labels(BEFORE), _PATIENCE)
        rig.daemon.wait_for_workers()
        with watching(rig.labels, rig.daemon.pid) as watch:
            yield _Scene(rig, clocks, watch, lease)


def _set(ahead: float) -> Findings:
    """Set the wall clock, and set it right while there is no source: the labels keep their true end."""
    with _scene(_DAY) as scene:
        scene.clocks.set_wall_clock(ahead)
        scene.wait_for_a_true_stamp(ahead)
        confirmed = time.time()
        with scene.rig.source.refusing():
            time.sleep(_A_WHILE)
            scene.clocks.set_wall_clock(0)
            scene.wait_for_a_true_stamp(0, confirmed)
            scene.rig.source.show(AFTER)
        scene.rig.wait_for_labels(true_labels(AFTER), _PATIENCE)
    return scene.findings(true_labels(BEFORE), true_labels(AFTER))


def _set_while_the_lease_runs_out(ahead: float) -> Findings:
    """Set the wall clock while there is no source: the lease ends when it would have."""
    lease = 5.0
    with _scene(lease) as scene:
        with scene.rig.source.refusing():
            confirmed = scene.rig.source.fetches[-1]
            scene.clocks.set_wall_clock(ahead)
            wait_until(lambda: scene.rig.labels() is None, "the lease's end", _PATIENCE)
            held = time.monotonic() - confirmed
        if not -INTERVAL <= held - lease <= _AT_ONCE:
            scene.complaints.append(f"labels were held for {held:.2f} s, the lease is {lease:g} s")
        scene.slowest = max(0.0, held - lease)
        scene.rig.wait_for_labels(true_labels(BEFORE), _PATIENCE)
    return scene.findings(true_labels(BEFORE), None, true_labels(BEFORE))


def _suspended_with_a_source() -> Findings:
    """Suspend for longer than the lease; the source answers right after it."""
    with _scene(60.0) as scene:
        fetches = len(scene.rig.source.fetches)
        wait_until(lambda: len(scene.rig.source.fetches) > fetches, "a fetch", _PATIENCE)
        time.sleep(INTERVAL / 2)  # what is observed before a suspension is past its lease after it
        scene.clocks.suspend(_DAY)
        scene.wait_for_a_true_stamp(_DAY)
        scene.rig.source.show(AFTER)
        scene.rig.wait_for_labels(true_labels(AFTER), _PATIENCE)
    return scene.findings(true_labels(BEFORE), true_labels(AFTER))


def _suspended_without_a_source() -> Findings:
    """Suspend, to some seconds before the end of the lease: labels stay; then past it: labels go at once."""
    with _scene(60.0) as scene:
        with scene.rig.source.refusing():
            scene.clocks.suspend(50.0)
            time.sleep(_A_WHILE)
            if scene.rig.labels() is None:
                scene.complaints.append("the labels were dropped before the lease ended")
            scene.clocks.suspend(20.0)
            began = time.monotonic()
            wait_until(lambda: scene.rig.labels() is None, "the lease's end", _PATIENCE)
            scene.slowest = time.monotonic() - began
        scene.rig.wait_for_labels(true_labels(BEFORE), _PATIENCE)
    return scene.findings(true_labels(BEFORE), None, true_labels(BEFORE))


FAULTS: Final = (
    Ordeal("clock set a day ahead", partial(_set, _DAY)),
    Ordeal("clock set a day back", partial(_set, -_DAY)),
    Ordeal("clock set a day ahead, no source", partial(_set_while_the_lease_runs_out, _DAY)),
    Ordeal("clock set a day back, no source", partial(_set_while_the_lease_runs_out, -_DAY)),
    Ordeal("suspended for a day", _suspended_with_a_source),
    Ordeal("suspended, no source", _suspended_without_a_source),
)
