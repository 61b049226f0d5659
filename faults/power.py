"""The power is lost: whatever had got to the disk, the feature file is whole, and its labels were true."""

from __future__ import annotations

import os
import random
import signal
import time
from itertools import cycle, islice
from typing import TYPE_CHECKING, Final

from faults.fragile_disk import FragileDisk, fragile_disk
from faults.ordeal import Findings
from faults.rig import AFTER, BEFORE, INTERVAL, standing, true_labels
from faults.watch import watching
from xelinkd.model.feature_file import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from faults.record import Labels
    from faults.rig import Rig

_CHANGES: Final = 12
_LOSSES: Final = 5
_PATIENCE: Final = 20.0  # seconds
_SEED: Final = 4


def power_lost() -> Findings:
    """Write and be killed at random, see what could be left at each moment; then lose power for real."""
    moments = random.Random(_SEED)  # noqa: S311  no secret
    with standing() as rig, fragile_disk(rig.daemon.features, rig.daemon.file.name) as disk:
        rig.daemon.configure(supervision={"restart_delay_max": "100ms"})
        rig.daemon.start()
        with watching(rig.labels, rig.daemon.pid) as watch:
            for machine in islice(cycle((BEFORE, AFTER)), _CHANGES):
                rig.source.show(machine)
                time.sleep(moments.uniform(0, INTERVAL))
                os.kill(rig.daemon.wait_for_workers()["writer"], signal.SIGKILL)
                rig.wait_for_labels(true_labels(machine), _PATIENCE)
        left = disk.may_have_remained()
        complaints = [*_not_whole(left)]
        for machine in islice(cycle((BEFORE, AFTER)), _LOSSES):
            rig.source.show(machine)
            rig.wait_for_labels(true_labels(machine), _PATIENCE)
            complaints += _after_a_loss(rig, disk, true_labels(machine))
        rig.daemon.close()
    return Findings(
        None, watch.peak_mib, tuple(complaints), f"{len(left)} states of the disk, {_LOSSES} losses of power"
    )


def _not_whole(left: Iterable[list[str | None]]) -> Iterator[str]:
    """Ask for a true file at each moment; before the first is there for good, there may be none."""
    truths = {true_labels(BEFORE), true_labels(AFTER)}
    is_there = False
    for moment in left:
        is_there = is_there or None not in moment
        for content in moment:
            if content is None:
                if is_there:
                    yield "there might have been no file"
            elif (found := read(content.encode())) is None or found.lines not in truths:
                yield f"there might have been {content[:80]!r}"


def _after_a_loss(rig: Rig, disk: FragileDisk, labels: Labels) -> Iterator[str]:
    """Cut, and start again without a source: the labels that were seen must be there."""
    told = len(rig.daemon.events("labels_adopted"))
    time.sleep(INTERVAL)  # the folder is synced right after the labels are seen
    rig.daemon.stop(signal.SIGKILL)
    disk.lose_power()
    if rig.labels() != labels:
        yield f"after the loss the labels were {rig.labels()}"
        labels = None
    with rig.source.refusing():
        rig.daemon.start().wait_for_workers()
        if labels:
            rig.daemon.wait_for("labels_adopted", times=told + 1)
