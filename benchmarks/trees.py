"""Programs at work: set up in folders of their own, and looked at process by process."""

from __future__ import annotations

import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import procfs
from benchmarks.figures import Figure
from benchmarks.rig import configure, labels_in, running, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.rig import Rig


@contextmanager
def folder_of(rig: Rig) -> Iterator[Path]:
    """Make a folder for a program, with one for its labels."""
    with tempfile.TemporaryDirectory(dir=rig.folder) as name:
        labels_in(Path(name)).parent.mkdir()
        yield Path(name)


def xelinkd(rig: Rig, folder: Path, interval: float, status: str = "") -> Sequence[str]:
    """Give the command of a daemon that fetches every so many seconds."""
    path = configure(rig, folder, interval, status=status)
    return rig.run("xelinkd", "run", "--config", str(path))


@contextmanager
def daemon(rig: Rig, interval: float) -> Iterator[tuple[int, Path]]:
    """Have a daemon that has written its labels; give its process id and its folder."""
    with folder_of(rig) as folder, running(xelinkd(rig, folder, interval), folder) as pid:
        wait_until(labels_in(folder).exists)
        yield pid, folder


def seconds_to_labels(command: Sequence[str], folder: Path) -> float:
    """Start a program, and give how long it took until the labels were there."""
    began = time.monotonic()
    with running(command, folder):
        wait_until(labels_in(folder).exists)
        return time.monotonic() - began


def cpu_of_a_cycle(rig: Rig, command: Sequence[str], folder: Path) -> dict[str, float]:
    """Give the milliseconds of CPU that each process of a program has in a cycle."""
    rig.server.forget_requests()
    with running(command, folder) as pid:
        rig.server.wait_for_requests(1 + rig.effort.warm_cycles)
        before = by_name(pid, procfs.cpu_seconds)
        rig.server.wait_for_requests(rig.effort.cycles)
        after = by_name(pid, procfs.cpu_seconds)
    return {name: 1e3 * (after[name] - before.get(name, 0)) / rig.effort.cycles for name in after}


def by_name(pid: int, measure: Callable[[int], float]) -> dict[str, float]:
    """Measure each process of a tree; processes of one name are added up."""
    found: dict[str, float] = {}
    for each, name in procfs.tree(pid).items():
        role = "supervisor" if each == pid else name.removeprefix("xelinkd:")
        found[role] = found.get(role, 0) + measure(each)
    return found


def by_process(rounds: Sequence[Mapping[str, float]], unit: str) -> list[Figure]:
    """Give a figure for each process."""
    return [Figure(f"  {name}", unit, tuple(each.get(name, 0) for each in rounds)) for name in rounds[0]]


def total(named: Mapping[str, float]) -> float:
    """Add the processes up."""
    return sum(named.values())


def worker(pid: int, name: str) -> int:
    """Give the process id of a daemon's worker."""
    return next(each for each, called in procfs.tree(pid).items() if called == f"xelinkd:{name}")


def file_changes(file: Path) -> Callable[[], bool]:
    """Give what tells whether a file has been replaced since now."""
    before = file.stat().st_ino
    return partial(_is_another, file, before)


def _is_another(file: Path, before: int) -> bool:
    return file.stat().st_ino != before
