"""What the kernel knows of a tree of processes (proc(5)): CPU, context switches, memory."""

from __future__ import annotations

import mmap
import re
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PROC: Final = Path("/proc")
_PSS: Final = re.compile(r"^(Pss|Pss_Anon): +(\d+) kB$", re.MULTILINE)
_RESIDENT: Final = re.compile(r"^Rss: +(\d+) kB$", re.MULTILINE)
_PEAK: Final = re.compile(r"^VmHWM:\t *(\d+) kB$", re.MULTILINE)
_PRESENT: Final = re.compile(r"^VmRSS:\t *(\d+) kB$", re.MULTILINE)
_MAPPING: Final = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (?!.*\[v)", re.MULTILINE)  # none of the kernel's own
_IS_PRESENT: Final = 1 << 63
_FRAME: Final = (1 << 55) - 1
_SWITCHES: Final = re.compile(r"^(?:non)?voluntary_ctxt_switches:\t(\d+)$", re.MULTILINE)


def tree(pid: int) -> dict[int, str]:
    """Give a process and all that descend from it, by process id, each with its short name."""
    found = {pid: _name(pid)}
    for child in (_PROC / f"{pid}/task/{pid}/children").read_text().split():
        found |= tree(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """Give the CPU time that a process's living threads have had, user and system, to the nanosecond."""
    return sum(int(text.split()[0]) for text in _of_threads(pid, "schedstat")) / 1e9


def context_switches(pid: int) -> int:
    """Give how often a process's living threads were switched to and away, voluntarily or not."""
    return sum(int(count) for text in _of_threads(pid, "status") for count in _SWITCHES.findall(text))


def pss_mib(pid: int, kind: Literal["Pss", "Pss_Anon"] = "Pss") -> float:
    """Give a process's memory, all or what is no file's; a page shared by n processes counts 1/n."""
    found = dict(_PSS.findall((_PROC / f"{pid}/smaps_rollup").read_text()))
    if not found:
        raise ProcessLookupError(f"{pid} is ending: it has no memory any more")
    return int(found[kind]) / 1024


def alone_mib(pids: Iterable[int]) -> float | None:
    """Give what processes take together, each page once, whoever else has it; None: only root may know.

    This is their PSS, were nobody else there.
    """
    frames = set().union(*map(_frames, pids))
    return None if frames == {0} else len(frames) * mmap.PAGESIZE / (1 << 20)


def peak_pss_mib(pid: int) -> float:
    """Give what a process's memory ever was, at most: what it is, and how much more was resident at its peak.

    The kernel keeps the peak of the resident set, so that no look can come too late for it. OSError if it has
    ended, or is about to.
    """
    rollup, status = ((_PROC / f"{pid}/{name}").read_text() for name in ("smaps_rollup", "status"))
    now, peak = _RESIDENT.search(rollup), _PEAK.search(status)
    if not now or not peak:
        raise ProcessLookupError(f"{pid} is ending: it has no memory any more")
    return pss_mib(pid) + max(0, int(peak[1]) - int(now[1])) / 1024


def resident_mib(pid: int) -> float:
    """Give what of a process is in memory now, shared or not."""
    return _kib(_PRESENT, pid) / 1024


def peak_mib(pid: int) -> float:
    """Give what of a process was in memory at most, since that was forgotten."""
    return _kib(_PEAK, pid) / 1024


def forget_peak(pid: int) -> float:
    """Let the kernel count a process's peak from now on; give what is in memory now (MiB)."""
    (_PROC / f"{pid}/clear_refs").write_text("5")
    return resident_mib(pid)


def users_of(library: str) -> set[int]:
    """Give the processes (those we may look into) that have a file mapped."""
    return {pid for pid in _processes() if library in _read(pid, "maps")}


def _kib(line: re.Pattern[str], pid: int) -> int:
    found = line.search((_PROC / f"{pid}/status").read_text())
    if not found:
        raise ProcessLookupError(f"{pid} is ending: it has no memory any more")
    return int(found[1])


def _frames(pid: int) -> set[int]:
    """Give the page frames that a process has in memory."""
    mappings = _MAPPING.findall((_PROC / f"{pid}/maps").read_text())
    found: set[int] = set()
    with (_PROC / f"{pid}/pagemap").open("rb", buffering=0) as pagemap:
        for mapping in mappings:
            first, end = (int(address, 16) // mmap.PAGESIZE for address in mapping)
            pagemap.seek(8 * first)
            entries = array("Q", pagemap.read(8 * (end - first)))
            found.update(entry & _FRAME for entry in entries if entry & _IS_PRESENT)
    return found


def _processes() -> Iterator[int]:
    return (int(path.name) for path in _PROC.iterdir() if path.name.isdecimal())


def _name(pid: int) -> str:
    return (_PROC / f"{pid}/comm").read_text().strip()


def _read(pid: int, name: str) -> str:
    try:
        return (_PROC / f"{pid}/{name}").read_text(errors="replace")
    except OSError:  # it has ended, or is another user's
        return ""


def _of_threads(pid: int, name: str) -> list[str]:
    return [(task / name).read_text() for task in (_PROC / f"{pid}/task").iterdir()]
