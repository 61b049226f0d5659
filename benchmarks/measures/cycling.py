"""What a cycle takes: a steady one, one with another topology."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.figures import Budget, Figure
from benchmarks.pages import NODE, recorded, without_link
from benchmarks.rig import labels_in, wait_until
from benchmarks.trees import (
    by_process,
    cpu_of_a_cycle,
    daemon,
    file_changes,
    folder_of,
    total,
    xelinkd,
)

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.rig import Rig

_APART: Final = 0.5  # seconds; so far from each other that a rename is for the last page before it


def steady(rig: Rig) -> list[Figure]:
    """Count the CPU time of steady cycles, by process, and that of bare fetches in the same rhythm."""
    interval = rig.effort.cycle_interval
    fetch = rig.run("benchmarks.bare_fetch", rig.server.url, str(interval))
    ours, bare = [], []
    for _ in range(rig.effort.rounds):
        with folder_of(rig) as folder:
            ours.append(cpu_of_a_cycle(rig, xelinkd(rig, folder, interval), folder))
            bare.append(total(cpu_of_a_cycle(rig, fetch, folder)))
    return [
        Figure(
            f"steady cycle, CPU (every {interval:g} s)",
            "ms",
            tuple(map(total, ours)),
            Budget(1, 0.5, "excess"),
            "bare fetch",
            tuple(bare),
        ),
        *by_process(ours, "ms"),
    ]


def changed(rig: Rig) -> list[Figure]:
    """Wait from the last byte of a page with another topology to the rename of the feature file."""
    whole = recorded(NODE)
    pages = (without_link(whole), whole)
    with daemon(rig, _APART) as (_, folder):
        samples = [_until_renamed(rig, labels_in(folder), pages[n % 2]) for n in range(rig.effort.changes)]
    rig.server.serve(whole)
    return [Figure("changed topology, from page to rename", "ms", tuple(samples))]


def _until_renamed(rig: Rig, file: Path, page: bytes) -> float:
    has_changed = file_changes(file)
    rig.server.forget_requests()
    rig.server.serve(page)
    renamed = wait_until(has_changed)
    return 1e3 * (renamed - rig.server.last_answer(renamed))
