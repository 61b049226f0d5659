"""The lock: which process keeps the feature file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from xelinkd.cli.doctor.finding import broken, not_looked_at, well
from xelinkd.sinks.lock import is_taken, lock_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.cli.doctor.finding import Finding

STEP: Final = "lock"
NOBODY: Final = "nobody keeps the file"
_LOCKS: Final = Path("/proc/locks")


def look_at_lock(feature_file: Path, *, service_waits: bool) -> Finding:
    """Tell who keeps the file; `service_waits` if the running xelinkd waits for its turn."""
    try:
        taken = is_taken(feature_file)
    except OSError as error:
        why = f"{lock_path(feature_file)}: {error.strerror}"
        return next(not_looked_at([STEP], why))
    holder = ", ".join(_holders(lock_path(feature_file))) or "a process that cannot be seen from here"
    if service_waits:
        advice = "stop one of the two, or set another feature_file.path for one"
        return broken(STEP, f"the running xelinkd waits: {holder} keeps the file", advice)
    return well(STEP, f"kept by {holder}" if taken else NOBODY)


def _holders(path: Path) -> Iterator[str]:
    """Find who has a flock(2) on a file: proc_locks(5)."""
    try:
        inode = str(path.stat().st_ino)
        locks = [line.split() for line in _LOCKS.read_text().splitlines()]
    except OSError:
        return
    for _number, kind, _advisory, _mode, pid, place, *_rest in locks:
        if kind == "FLOCK" and place.rpartition(":")[2] == inode:
            yield f"{_name(pid)} (process {pid})"


def _name(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "a process"
