"""What stands between the daemon and its C library (preload.c): built when needed, and told what to do."""

from __future__ import annotations

import mmap
import struct
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults.rig import Rig

_SOURCE: Final = Path(__file__).with_suffix(".c")
_NANOSECONDS: Final = 1_000_000_000
_WALL, _BOOT, _NO_CLOCK, _NO_MEMORY, _NAMES = range(5)  # places in `struct orders`


@dataclass(frozen=True, slots=True)
class Preload:
    """The orders, which the daemon's processes have mapped."""

    orders: mmap.mmap

    def set_wall_clock(self, ahead: float) -> None:
        """Let wall time be so many seconds ahead of what it is."""
        self._order(_WALL, int(ahead * _NANOSECONDS))

    def suspend(self, seconds: float) -> None:
        """Let so many seconds have passed that no process saw, on the clocks that run through a suspend."""
        for place in (_WALL, _BOOT):
            self._order(place, self._ordered(place) + int(seconds * _NANOSECONDS))

    @contextmanager
    def without_clocks(self, pid: int) -> Iterator[None]:
        """Let a process read no clock while the block lasts."""
        self._order(_NO_CLOCK, pid)
        yield
        self._order(_NO_CLOCK, 0)

    @contextmanager
    def without_memory(self, pid: int) -> Iterator[None]:
        """Let a process have no more memory while the block lasts."""
        self._order(_NO_MEMORY, pid)
        yield
        self._order(_NO_MEMORY, 0)

    @contextmanager
    def slow_names(self, seconds: float) -> Iterator[None]:
        """Let the lookup of a name take so long if it is begun while the block lasts."""
        self._order(_NAMES, int(seconds * _NANOSECONDS))
        yield
        self._order(_NAMES, 0)

    def _order(self, place: int, number: int) -> None:
        struct.pack_into("@q", self.orders, 8 * place, number)

    def _ordered(self, place: int) -> int:
        number: int = struct.unpack_from("@q", self.orders, 8 * place)[0]
        return number


def preload(rig: Rig) -> Preload:
    """Put it before a daemon that is not started yet; OSError without a C compiler."""
    library, orders = rig.folder / "preload.so", rig.folder / "orders"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE)]
    built = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  our own words
    if built.returncode:
        raise OSError(f"the C compiler says: {built.stderr}")
    orders.write_bytes(bytes(mmap.PAGESIZE))
    rig.daemon.env |= {"LD_PRELOAD": str(library), "FAULTS_ORDERS": str(orders)}
    with orders.open("r+b") as file:
        return Preload(mmap.mmap(file.fileno(), 0))
