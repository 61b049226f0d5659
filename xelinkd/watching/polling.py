"""Changes found by looking again and again, for where inotify cannot be had or does not hear of them.

Not through watchdog's PollingObserver (7.1): it lists and stats whole directories, /etc and / among them, by
a thread each, stops for good when a directory is deleted, and does not see a new content of the same size and
time stamp.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from xelinkd.watching.chain import Entry, walk
from xelinkd.watching.settling import Change, Seen

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

Signature = tuple[int, ...]  # empty: missing, or not to be reached


def signature(path: Path) -> Signature:
    """Give what differs after whatever may change the content behind an entry."""
    try:
        found = path.lstat()
    except OSError:
        return ()
    if stat.S_ISDIR(found.st_mode):  # its times change with every other file in it
        return found.st_dev, found.st_ino, found.st_mode
    return found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns


class Polling:
    """Looks at every entry through which the paths resolve, `interval` seconds apart.

    NFS may answer from its cache: a change can take `acregmax` seconds longer (60 by default, nfs(5)).
    """

    def __init__(self, paths: Sequence[Path], interval: float) -> None:
        """Know nothing yet: the first look finds everything changed."""
        self._paths = paths
        self._interval = interval
        self._signatures: dict[Entry, Signature] = {}
        self.next_look = float("-inf")

    @property
    def entries(self) -> Collection[Entry]:
        """Those that decided when last looked at."""
        return self._signatures.keys()

    def take(self, now: float) -> list[Seen]:
        """Look, if it is time, and give what differs: it may still be half written, which nobody can see."""
        if now < self.next_look:
            return []
        self.next_look = now + self._interval
        before = self._signatures
        self._signatures = {entry: signature(entry.path) for path in self._paths for entry in walk(path)}
        changed = (entry for entry, found in self._signatures.items() if before.get(entry) != found)
        return [Seen(entry, Change.PARTIAL) for entry in changed]

    def close(self) -> None:
        """Nothing is held."""
