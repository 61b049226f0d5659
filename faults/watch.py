"""Looks at the labels and at the processes all the while, each in a thread of its own."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from support.daemon import children, is_alive

from benchmarks import procfs
from faults.meanwhile import meanwhile
from faults.record import Labels, Sighting, labels_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from standins.api_server import ApiServer

_LABELS_EVERY: Final = 0.01  # seconds
_PROCESSES_EVERY: Final = 0.1  # the kernel takes 10 ms to add up the memory of a tree


def labels_in(file: Path) -> Labels:
    """Read what a feature file says, whatever is in its place."""
    try:
        with open(file, "rb", opener=_at_once) as opened:
            return labels_of(opened.read())
    except OSError:
        return None


def labels_in_object(cluster: ApiServer) -> Labels:
    """Read what the node's object says."""
    if cluster.object is None:
        return None
    return tuple(f"{name}={value}" for name, value in cluster.labels().items())


def _at_once(path: str, flags: int) -> int:
    """Open without waiting: for a FIFO's writer, that would be for ever."""
    return os.open(path, flags | os.O_NONBLOCK)


@dataclass(slots=True)
class Watch:
    """What has been seen so far."""

    labels: Callable[[], Labels]
    pid: int
    sightings: list[Sighting] = field(default_factory=list)
    looks: int = 0
    longest_blink: float = 0.0
    peak_mib: float = 0.0
    deaths: list[str] = field(default_factory=list)
    _looked: float = field(default_factory=time.monotonic)
    _alive: dict[int, str] = field(default_factory=dict)

    def look(self) -> None:
        """Look at the labels."""
        labels, now = self.labels(), time.monotonic()
        self.looks += 1
        self.longest_blink = max(self.longest_blink, now - self._looked)
        self._looked = now
        if not self.sightings or self.sightings[-1].labels != labels:
            self.sightings.append(Sighting(now, labels))

    def count(self) -> None:
        """Look at the processes."""
        with suppress(OSError):  # one of them has ended meanwhile: the next look will tell
            living = {pid: name for pid, name in procfs.tree(self.pid).items() if is_alive(pid)}
            alive = self._who_stay(living)
            self.deaths += (name for pid, name in self._alive.items() if pid not in alive)
            self._alive = alive
            self.peak_mib = max(self.peak_mib, sum(map(procfs.peak_pss_mib, living)))

    def _who_stay(self, living: Mapping[int, str]) -> dict[int, str]:
        """Give the supervisor and its workers.

        Who still has its name is not yet a worker, and who was forked by a worker is there for a moment only.
        """
        own = living.get(self.pid)
        workers = {pid: living[pid] for pid in children(self.pid) if living.get(pid, own) != own}
        return workers if own is None else {self.pid: "supervisor", **workers}


@contextmanager
def watching(labels: Callable[[], Labels], pid: int) -> Iterator[Watch]:
    """Watch while the block lasts."""
    watch = Watch(labels, pid)
    with _repeating(watch.look, _LABELS_EVERY), _repeating(watch.count, _PROCESSES_EVERY):
        yield watch


@contextmanager
def _repeating(act: Callable[[], None], period: float) -> Iterator[None]:
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(period):
            act()

    act()
    with meanwhile(repeat):
        try:
            yield
        finally:
            over.set()
    act()
