"""The supervisor is killed: nobody outlives it, nobody writes after it, and the next one goes on."""

from __future__ import annotations

import os
import random
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from support.daemon import is_alive, wait_until

from faults.ordeal import Findings
from faults.preload import preload
from faults.rig import BEFORE, INTERVAL, standing, true_labels
from faults.watch import watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from faults.preload import Preload
    from faults.rig import Rig

    Bite = Callable[[Preload, int], AbstractContextManager[None]]

_TIMES: Final = 10
_SURVIVAL: Final = 1.0  # seconds that a worker may outlive its supervisor
_SEED: Final = 4
_PATIENCE: Final = 20.0  # seconds


def supervisor_killed() -> Findings:
    """Kill it, again and again, at random moments of its cycle."""
    return _ended(lambda rig: partial(rig.daemon.stop, signal.SIGKILL), _TIMES)


def supervisor_bitten(bite: Bite) -> Findings:
    """Let its C library fail it: it has to end."""

    def prepare(rig: Rig) -> Callable[[], object]:
        preloaded = preload(rig)

        def end() -> None:
            with bite(preloaded, rig.daemon.pid):
                os.kill(rig.daemon.pid, signal.SIGHUP)  # as long as it only waits, it needs little
                assert rig.daemon.process is not None  # noqa: S101  it was started
                rig.daemon.process.wait(_PATIENCE)

        return end

    return _ended(prepare, 1)


def _ended(prepare: Callable[[Rig], Callable[[], object]], times: int) -> Findings:
    """End it so many times; each time its successor finds the file, and no source.

    `prepare` gives, before the start, what ends it. The recovery is the longest time until nothing was left.
    """
    moments = random.Random(_SEED)  # noqa: S311  no secret
    longest = peak = 0.0
    complaints: list[str] = []
    labels = true_labels(BEFORE)
    with standing() as rig:
        end = prepare(rig)
        rig.daemon.start()
        rig.wait_for_labels(labels, _PATIENCE)
        for _ in range(times):
            workers = rig.daemon.wait_for_workers().values()
            with watching(rig.labels, rig.daemon.pid) as watch:
                time.sleep(moments.uniform(0, INTERVAL))
                end()
                longest = max(longest, _lives(workers))
                complaints += _writes_after_the_end(rig)
                _start_without_a_source(rig)
            complaints += [
                f"the labels were {seen.labels}" for seen in watch.sightings if seen.labels != labels
            ]
            peak = max(peak, watch.peak_mib)
    if longest > _SURVIVAL:
        complaints.append(f"a worker outlived it by {longest:.2f} s")
    note = "labels_adopted" if times == 1 else f"{times} times; labels_adopted each time"
    return Findings(longest, peak, tuple(complaints), note)


def _lives(workers: Iterable[int]) -> float:
    """Give the seconds until none of them is alive."""
    began = time.monotonic()
    wait_until(lambda: not any(map(is_alive, workers)), "the end of all workers")
    return time.monotonic() - began


def _writes_after_the_end(rig: Rig) -> Iterator[str]:
    before = _seen(rig)
    time.sleep(2 * INTERVAL)
    if _seen(rig) != before:
        yield "somebody wrote after its end"


def _seen(rig: Rig) -> list[tuple[str, int, int]]:
    """Give all files below the folder with what every write changes."""
    return sorted(
        (str(path), found.st_ino, found.st_ctime_ns)
        for path in rig.daemon.features.rglob("*")
        for found in (path.lstat(),)
    )


def _start_without_a_source(rig: Rig) -> None:
    awaited = ("labels_adopted", "topology_unknown")
    told = {name: len(rig.daemon.events(name)) for name in (*awaited, "topology_known_again")}
    with rig.source.refusing():
        rig.daemon.start()
        for name in awaited:
            rig.daemon.wait_for(name, told[name] + 1)
        rig.daemon.wait_for_workers()
    rig.daemon.wait_for("topology_known_again", told["topology_known_again"] + 1)
