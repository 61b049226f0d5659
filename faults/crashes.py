"""A worker that crashes at once, whenever it is started."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Final

from benchmarks import procfs
from faults.meanwhile import meanwhile
from faults.ordeal import Findings
from faults.rig import AFTER, BEFORE, INTERVAL, standing, true_labels
from faults.watch import watching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults.rig import Rig

_LASTS: Final = 15.0  # seconds
_CEILING: Final = 3.0  # seconds
_LOOK: Final = 0.002  # seconds
_DELAYS: Final = (
    0.0,
    0.1,
    0.2,
    0.4,
    0.8,
    1.0,
    1.6,
    _CEILING,
)  # the first life did its work; then the ceiling
_TOLERANCE: Final = 0.01
_STARTS: Final = 12  # 15 s less the sum of the above leave a few more at the ceiling
_CPU: Final = 0.25  # of one core; a busy loop would take all of it
_PATIENCE: Final = 20.0  # seconds


def crashing(worker: str) -> Findings:
    """Let a worker fault as soon as it is seen; what is in the file after that may take the ceiling."""
    with standing() as rig:
        rig.daemon.configure(supervision={"restart_delay_max": f"{_CEILING:.0f}s"})
        rig.daemon.start()
        rig.wait_for_labels(true_labels(BEFORE), _PATIENCE)
        rig.daemon.configure()
        rig.daemon.wait_for("config_unchanged")  # the watcher, too, has done its work
        rig.daemon.wait_for_workers()
        over = Event()
        with watching(rig.labels, rig.daemon.pid) as watch:
            cpu = procfs.cpu_seconds(rig.daemon.pid)
            with meanwhile(partial(_crash, rig, worker, over)):
                rig.source.show(AFTER)
                time.sleep(_LASTS)
                over.set()
            cpu = procfs.cpu_seconds(rig.daemon.pid) - cpu
            ended = time.monotonic()
            rig.wait_for_labels(true_labels(AFTER), _PATIENCE)
            recovery = time.monotonic() - ended
            rig.daemon.wait_for_workers()
        complaints = [*_wrong(rig, worker)]
        starts = len(rig.daemon.events("unit_restarting"))
    if cpu > _CPU * _LASTS:
        complaints.append(f"the supervisor took {cpu:.1f} s of CPU")
    if recovery > _CEILING + INTERVAL + 1:
        complaints.append(f"the new truth came after {recovery:.2f} s")
    if [seen.labels for seen in watch.sightings] != [true_labels(BEFORE), true_labels(AFTER)]:
        complaints.append(f"the labels were {watch.sightings}")
    return Findings(recovery, watch.peak_mib, tuple(complaints), f"{starts} restarts in {_LASTS:g} s")


def _crash(rig: Rig, worker: str, over: Event) -> None:
    """Fault once in each life: a second fault would cut off what Python tells of the first."""
    crashed = 0
    while not over.wait(_LOOK):
        pid = rig.daemon.workers().get(worker, crashed)
        if pid != crashed:
            os.kill(pid, signal.SIGSEGV)
            crashed = pid


def _wrong(rig: Rig, worker: str) -> Iterator[str]:
    restarts = [event["delay_seconds"] for event in rig.daemon.events("unit_restarting")]
    for delay, expected in zip(restarts, (*_DELAYS, *[_CEILING] * len(restarts)), strict=False):
        if abs(delay - expected) > _TOLERANCE:
            yield f"it was started after {delay:.2f} s, not {expected:g}"
    if len(restarts) > _STARTS:
        yield f"it was started again {len(restarts)} times"
    causes = [event["cause"] for event in rig.daemon.events("worker_ended") if event["worker"] == worker]
    if causes != ["SIGSEGV"] * len(restarts):
        yield f"the causes told were {causes}"
