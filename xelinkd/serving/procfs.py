"""Reads what the kernel counts of our processes, with no more rights than anybody has (proc(5))."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xelinkd.state.figures import Figures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xelinkd.state.told import Process

PROC: Final = Path("/proc")
TICKS: Final = os.sysconf("SC_CLK_TCK")  # a second
PAGE: Final = os.sysconf("SC_PAGE_SIZE")  # bytes

# Positions in /proc/PID/stat behind the name, which may have spaces and parentheses in it.
UTIME: Final = 11
STIME: Final = 12


def figures_of(processes: Iterable[Process]) -> dict[str, Figures]:
    """Give the figures of each process by its name; those that have ended are left out."""
    found = ((process.name, _figures(process.pid)) for process in processes)
    return {name: figures for name, figures in found if figures is not None}


def _figures(pid: int) -> Figures | None:
    try:
        return _read(PROC / str(pid))
    except (FileNotFoundError, ProcessLookupError):  # it ended before, or while it was read
        return None


def _read(folder: Path) -> Figures:
    after_name = (folder / "stat").read_text().rpartition(")")[2].split()
    ticks = int(after_name[UTIME]) + int(after_name[STIME])
    resident_pages = int((folder / "statm").read_text().split()[1])
    return Figures(ticks / TICKS, resident_pages * PAGE, _open_files(folder / "fd"))


def _open_files(folder: Path) -> int | None:
    """Take the folder's size: it is their number since Linux 6.2, and takes no right to list them."""
    return folder.stat().st_size or None
