"""One kill after the other, at random, while the topology keeps changing."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final, NamedTuple

from support.daemon import wait_until

from benchmarks import procfs
from faults.ordeal import Findings
from faults.rig import BEFORE, INTERVAL, Rig, standing, true_labels
from faults.watch import watching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults.record import Labels
    from faults.watch import Watch

_SEED: Final = 4
_PATIENCE: Final = 20.0  # seconds
_MEDIAN: Final = 2.0  # seconds
_AIMED: Final = 0.5  # of the kills
_BUSY: Final = 0.03  # seconds after a fetch has begun
_PROGRESS: Final = 100  # kills
_GROWTH: Final = 1.0  # MiB
_MEMORY: Final = 100.0  # MiB
_WORKERS: Final = ("fetcher", "writer", "watcher", "status")
_MACHINES: Final = tuple(
    BEFORE.with_link(pair, up=False) for pair in ("0.0-1.0", "0.0-2.0", "1.1-2.1", "3.0-4.0", "6.1-7.1")
)


@dataclass(slots=True)
class _Course:
    """What was true, when, and what came of each kill."""

    rig: Rig
    random: random.Random
    truths: list[Labels] = field(default_factory=list)  # one after the other, no two in a row are equal
    recoveries: list[float] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def strike(self) -> None:
        """Change the topology, kill a worker, change it again, and wait until that is in the file."""
        pid = self.rig.daemon.wait_for_workers()[self.random.choice(_WORKERS)]
        self._change()
        self._wait_for_the_moment()
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        self._change()
        self.rig.wait_for_labels(self.truths[-1], _PATIENCE)
        self.recoveries.append(time.monotonic() - killed)
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the killed worker to be buried")
        self.complaints += self._leftovers()

    def _change(self) -> None:
        """Choose what is not in the file, whether the last change got there or not."""
        machine = self.random.choice([m for m in _MACHINES if true_labels(m) not in self.truths[-2:]])
        self.truths.append(true_labels(machine))
        self.rig.source.show(machine)

    def _wait_for_the_moment(self) -> None:
        """Choose any moment of the cycle, or, every other time, one in which there is much to do."""
        if self.random.random() < _AIMED:
            fetches = len(self.rig.source.fetches)
            wait_until(lambda: len(self.rig.source.fetches) > fetches, "a fetch")
            time.sleep(self.random.uniform(0, _BUSY))
        else:
            time.sleep(self.random.uniform(0, INTERVAL))

    def _leftovers(self) -> Iterator[str]:
        file = self.rig.daemon.file
        found = {str(path.relative_to(file.parent)) for path in file.parent.rglob("*")}
        for name in found - {file.name, ".xelinkd", f".xelinkd/{file.name}.lock"}:
            yield f"{name} was left"


def kills(times: int, **supervision: str) -> Findings:
    """Kill so many times. The recovery is the median, from the kill to a file with a later truth."""
    with standing() as rig:
        rig.daemon.configure(supervision=supervision)
        rig.daemon.start()
        course = _Course(rig, random.Random(_SEED), [true_labels(BEFORE)])  # noqa: S311  no secret
        rig.wait_for_labels(true_labels(BEFORE), _PATIENCE)
        with watching(rig.labels, rig.daemon.pid) as watch:
            _strike(course, times // 10)
            before = _held(rig)
            _strike(course, times - times // 10)
            after = _held(rig)
    complaints = (*course.complaints, *_untrue(watch, course), *_growth(before, after), *_slow(course, watch))
    return Findings(median(course.recoveries), watch.peak_mib, complaints, _note(course, before, after))


def _strike(course: _Course, times: int) -> None:
    for _ in range(times):
        course.strike()
        if len(course.recoveries) % _PROGRESS == 0:
            sys.stderr.write(f"{len(course.recoveries)} ")
            sys.stderr.flush()


class _Held(NamedTuple):
    """What the supervisor holds: descriptors, and MiB."""

    descriptors: int
    memory: float


def _held(rig: Rig) -> _Held:
    rig.daemon.wait_for_workers()  # pages are shared with all of them
    pid = rig.daemon.pid
    return _Held(len(list(Path(f"/proc/{pid}/fd").iterdir())), procfs.pss_mib(pid, "Pss_Anon"))


def _untrue(watch: Watch, course: _Course) -> Iterator[str]:
    """Ask for truths in their order; some may have been too short to be seen."""
    to_come = iter(course.truths)
    for seen in watch.sightings:
        if seen.labels not in to_come:
            yield f"labels that were not true, or not any more: {seen.labels}"
            return


def _growth(before: _Held, after: _Held) -> Iterator[str]:
    if after.descriptors > before.descriptors:
        yield f"descriptors grew from {before.descriptors} to {after.descriptors}"
    if after.memory > before.memory + _GROWTH:
        yield f"memory grew from {before.memory:.1f} to {after.memory:.1f} MiB"


def _slow(course: _Course, watch: Watch) -> Iterator[str]:
    if median(course.recoveries) > _MEDIAN:
        yield f"the median of the recoveries was {median(course.recoveries):.2f} s"
    if watch.peak_mib >= _MEMORY:
        yield f"{watch.peak_mib:.0f} MiB"


def _note(course: _Course, before: _Held, after: _Held) -> str:
    last = quantiles(course.recoveries, n=100)[-1]
    return (
        f"99 of 100 within {last:.2f} s; the supervisor: {before.descriptors} descriptors, then"
        f" {after.descriptors}; {before.memory:.1f} MiB of its own, then {after.memory:.1f}"
    )
