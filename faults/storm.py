"""A storm of changes of the configuration: right and wrong ones, written in several ways."""

from __future__ import annotations

import time
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from faults.ordeal import Findings
from faults.rig import BEFORE, INTERVAL, standing, true_labels
from faults.watch import watching
from faults.writing import by_cp, by_rename, in_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults.rig import Rig
    from faults.watch import Watch

_CHANGES: Final = 1000
_SECONDS: Final = 10.0
_ONE_A_SECOND: Final = 0.99  # the log has milliseconds
_WITHIN: Final = (
    2.0 + INTERVAL + 1.0
)  # a second between reloads, one in which nobody writes, an interval, one more
_MEMORY: Final = 100.0  # MiB


def storm() -> Findings:
    """Change the namespace of the labels; every fifth file is wrong, the last one is right.

    The recovery is that of the last one.
    """
    labels = true_labels(BEFORE) or ()
    known = {tuple(_renamed(label, n) for label in labels) for n in range(_CHANGES)} | {labels}
    last = tuple(_renamed(label, _CHANGES - 1) for label in labels)
    with standing() as rig:
        rig.daemon.start()
        rig.wait_for_labels(labels, 20)
        rig.daemon.wait_for_workers()
        with watching(rig.labels, rig.daemon.pid) as watch:
            _change(rig)
            ended = time.monotonic()
            rig.wait_for_labels(last, 20)
            recovery = time.monotonic() - ended
        applied = rig.daemon.events("config_applied")
    complaints = [
        f"labels that nobody asked for: {s.labels}" for s in watch.sightings if s.labels not in known
    ]
    complaints += _too_fast(applied)
    complaints += _too_much(watch)
    if recovery > _WITHIN:
        complaints.append(f"the last content was in force after {recovery:.2f} s")
    return Findings(recovery, watch.peak_mib, tuple(complaints), f"config_applied {len(applied)} times")


def _change(rig: Rig) -> None:
    ways = (in_place, by_rename, by_cp)
    began = time.monotonic()
    for n in range(_CHANGES):
        right = rig.daemon.text(labels={"namespace": _renamed("gpu.intel.com", n)}).encode()
        ways[n % len(ways)](rig.daemon.config, right[:50] if n % 5 == 0 else right)
        time.sleep(max(0.0, began + (n + 1) * _SECONDS / _CHANGES - time.monotonic()))


def _renamed(label: str, n: int) -> str:
    return label.replace("gpu.intel.com", f"n{n}.example.org")


def _too_fast(applied: list[dict[str, str]]) -> Iterator[str]:
    times = [datetime.fromisoformat(event["time"]) for event in applied]
    for before, after in pairwise(times):
        if (after - before).total_seconds() < _ONE_A_SECOND:
            yield f"applied again after {(after - before).total_seconds():.2f} s"


def _too_much(watch: Watch) -> Iterator[str]:
    if watch.peak_mib >= _MEMORY:
        yield f"{watch.peak_mib:.0f} MiB"
