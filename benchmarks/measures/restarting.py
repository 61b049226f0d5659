"""How long a start takes, another configuration, and a worker that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Final

from benchmarks.figures import Budget, Figure
from benchmarks.pages import NODE, recorded, without_link
from benchmarks.rig import configure, environment, labels_in, wait_until
from benchmarks.trees import daemon, file_changes, folder_of, seconds_to_labels, worker, xelinkd

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.rig import Rig

_RELOADS_APART: Final = 1.1  # seconds; xelinkd applies at most one change a second
_AT_REST: Final = 0.3  # seconds after the first label, in which the start comes to its end
_NEVER: Final = 3600.0  # seconds; an interval in which nothing is fetched but at a start


def start(rig: Rig) -> list[Figure]:
    """Wait from before exec to the first feature file; and to the end of a Python that does nothing."""
    ours, nothing = [], []
    for _ in range(rig.effort.starts):
        with folder_of(rig) as folder:
            ours.append(1e3 * seconds_to_labels(xelinkd(rig, folder, _NEVER), folder))
        nothing.append(1e3 * _seconds_of_nothing(rig))
    return [
        Figure("start to first label", "ms", tuple(ours), Budget(350, 250), "python -c pass", tuple(nothing))
    ]


def reload(rig: Rig) -> list[Figure]:
    """Wait from the rename of a new configuration to the labels it asks for."""
    samples = []
    with daemon(rig, _NEVER) as (_, folder):
        for number in range(rig.effort.reloads):
            time.sleep(_RELOADS_APART)
            samples.append(1e3 * _seconds_to_namespace(rig, folder, f"bench-{number}.example.org"))
    return [Figure("configuration change to new labels", "ms", tuple(samples), Budget(250))]


def crash(rig: Rig) -> list[Figure]:
    """Kill a worker when the topology has just changed: the labels are true again by a new pipeline's work.

    Each time in a daemon of its own: one that crashes again and again is restarted after a wait.
    """
    return [_crash_of(rig, name) for name in ("fetcher", "writer")]


def _crash_of(rig: Rig, name: str) -> Figure:
    samples = [_seconds_to_recover(rig, name) for _ in range(rig.effort.crashes)]
    rig.server.serve(recorded(NODE))
    return Figure(
        f"kill -9 of the {name} to new labels", "ms", tuple(1e3 * each for each in samples), Budget(20, 10)
    )


def _seconds_to_recover(rig: Rig, name: str) -> float:
    whole = recorded(NODE)
    rig.server.serve(whole)
    with daemon(rig, _NEVER) as (pid, folder):
        time.sleep(_AT_REST)
        rig.server.serve(without_link(whole))
        has_changed, killed = file_changes(labels_in(folder)), worker(pid, name)
        began = time.monotonic()
        os.kill(killed, signal.SIGKILL)
        return wait_until(has_changed) - began


def _seconds_of_nothing(rig: Rig) -> float:
    began = time.monotonic()
    subprocess.run([rig.python, "-c", "pass"], env=environment(), check=True)  # noqa: S603  our own words
    return time.monotonic() - began


def _seconds_to_namespace(rig: Rig, folder: Path, namespace: str) -> float:
    began = time.monotonic()
    configure(rig, folder, _NEVER, namespace)
    return wait_until(lambda: f"\n{namespace}/" in "\n" + labels_in(folder).read_text()) - began
