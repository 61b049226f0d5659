"""Two xelinkd keep one feature file: only one of them may."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from support.daemon import Daemon

from faults.ordeal import Findings
from faults.rig import AFTER, BEFORE, INTERVAL, standing, true_labels
from faults.watch import watching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults.record import Labels
    from faults.rig import Rig
    from faults.watch import Watch

_LOCKED: Final = 4  # exit status
_GRACE: Final = 2.0  # seconds
_START: Final = 3.0  # seconds; how long Python may take to start on a busy machine
_RETRY: Final = 1.0  # seconds; how often one that waits tries again


def second_exits() -> Findings:
    """Start a second one: it has to say why it does not run, and end."""
    with _kept() as (rig, watch), _second(rig) as second:
        began = time.monotonic()
        second.start()
        assert second.process is not None  # noqa: S101  it was started in the line before
        status = second.process.wait(20)
        lived = time.monotonic() - began
        told = second.events("feature_file_locked")
    complaints = [*_untrue(watch, true_labels(BEFORE))]
    if status != _LOCKED:
        complaints.append(f"exit status {status}")
    if len(told) != 1:
        complaints.append(f"feature_file_locked was told {len(told)} times")
    if not _GRACE <= lived <= _GRACE + _START:
        complaints.append(f"it ended after {lived:.2f} s")
    return Findings(None, watch.peak_mib, tuple(complaints), f"exit status {status} after {lived:.2f} s")


def second_waits() -> Findings:
    """Let a second one wait; the first is killed, and the topology changes: the second has to take over."""
    before, after = true_labels(BEFORE), true_labels(AFTER)
    with _kept() as (rig, watch), _second(rig) as second:
        second.configure(feature_file={"when_locked": "wait"})
        second.start().wait_for("feature_file_locked")
        rig.source.show(AFTER)
        rig.daemon.stop(signal.SIGKILL)
        killed = time.monotonic()
        rig.wait_for_labels(after, 20)
        recovery = time.monotonic() - killed
        second.wait_for("feature_file_unlocked")
        time.sleep(2 * INTERVAL)
    complaints = [*_untrue(watch, before, after)]
    if recovery > _RETRY + INTERVAL + 1:
        complaints.append(f"it took over after {recovery:.2f} s")
    return Findings(recovery, watch.peak_mib, tuple(complaints), "feature_file_unlocked")


@contextmanager
def _kept() -> Iterator[tuple[Rig, Watch]]:
    with standing() as rig:
        rig.daemon.start()
        rig.wait_for_labels(true_labels(BEFORE), 20)
        with watching(rig.labels, rig.daemon.pid) as watch:
            yield rig, watch


@contextmanager
def _second(rig: Rig) -> Iterator[Daemon]:
    """Give another daemon for the same file, with other label rules, so that it shows who writes."""
    folder = rig.folder / "second"
    folder.mkdir()
    second = Daemon(folder, rig.source.url(), settings=rig.daemon.settings, prefix=rig.daemon.prefix)
    second.file = rig.daemon.file
    second.configure()
    try:
        yield second
    finally:
        second.close()


def _untrue(watch: Watch, *truths: Labels) -> Iterator[str]:
    """Allow one truth after the other, each to its end."""
    seen = [sighting.labels for sighting in watch.sightings]
    if seen != list(truths):
        yield f"the labels were one after the other: {seen}"
