"""Which file system a path is on, and whether the kernel hears of all that changes there."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Another machine, host or process changes files there, and this kernel does not hear of it; inotify(7).
_REMOTE: Final = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "fuse",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "panfs",
        "prl_fs",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
    }
)

_ESCAPE: Final = re.compile(r"\\([0-7]{3})")


def parse(mountinfo: bytes) -> dict[Path, str]:
    """Give the type of the file system at each mount point; of several at one point, the last is on top.

    The format is Linux's /proc/PID/mountinfo, proc_pid_mountinfo(5). Users choose names of mount points, and
    only blank, tab, line feed, backslash and # are escaped: a carriage return ends no line.
    """
    lines = os.fsdecode(mountinfo).strip("\n").split("\n")
    rows = (line.split(" ") for line in lines)
    return {Path(_unescape(row[4])): row[row.index("-") + 1] for row in rows}


def _unescape(field: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), field)


def here() -> dict[Path, str]:
    """Give the mounts that this process sees."""
    return parse(Path("/proc/self/mountinfo").read_bytes())


def file_system(mounts: Mapping[Path, str], path: Path) -> str:
    """Give the type of the file system that a path without symlinks is on; "" if no mount holds it."""
    return next((mounts[point] for point in (path, *path.parents) if point in mounts), "")


def is_remote(file_system: str) -> bool:
    """Tell whether files may change there without an event of inotify."""
    return file_system in _REMOTE or file_system.startswith("fuse.")
