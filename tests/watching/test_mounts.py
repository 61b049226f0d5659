"""On which file systems inotify hears of every change."""

import os
from pathlib import Path

import pytest

from xelinkd.watching import mounts

MOUNTINFO = rb"""22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:40 / /home rw,relatime shared:5 - autofs systemd-1 rw,fd=41
24 23 0:41 / /home rw,relatime shared:6 master:2 - nfs4 server:/home rw,vers=4.2
25 22 0:42 / /mnt/my\040share rw - cifs //server/share rw
26 22 0:43 /a.toml /etc/xelinkd/xelinkd.toml rw - 9p host rw
27 22 0:44 / /data - fuse.sshfs host:/ rw
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/passwd", "ext4"),
        ("/homeless/file", "ext4"),
        ("/home/me/xelinkd.toml", "nfs4"),
        ("/home", "nfs4"),
        ("/mnt/my share/x", "cifs"),
        ("/etc/xelinkd/xelinkd.toml", "9p"),
        ("/etc/xelinkd/ca.pem", "ext4"),
        ("/data/x", "fuse.sshfs"),
    ],
)
def test_the_nearest_mount_counts(path: str, expected: str) -> None:
    """A path is on the file system of the longest mount point above it, and of the last one mounted there."""
    assert mounts.file_system(mounts.parse(MOUNTINFO), Path(path)) == expected


@pytest.mark.parametrize(
    ("file_system", "expected"),
    [("nfs4", True), ("9p", True), ("fuse.sshfs", True), ("ext4", False), ("overlay", False), ("", False)],
)
def test_what_is_remote(file_system: str, expected: bool) -> None:  # noqa: FBT001  a column of the table above
    """Network file systems are polled; local ones, a container's overlay included, are not."""
    assert mounts.is_remote(file_system) is expected


@pytest.mark.parametrize("name", [b"\r", b"a\rb", b"\x0b\x0c\x1c\x85", b"\xff", "\u2028".encode(), b"-"])
def test_mount_points_may_be_called_anything(name: bytes) -> None:
    """No user of the node can blind the watcher by the name of a mount point."""
    mountinfo = MOUNTINFO + b"28 22 0:45 / /home/me/%b rw - fuse.x host:/ rw\n" % name
    point = Path(os.fsdecode(b"/home/me/" + name))
    assert mounts.parse(mountinfo) == mounts.parse(MOUNTINFO) | {point: "fuse.x"}


def test_the_mounts_of_this_machine() -> None:
    """The kernel's own list is understood."""
    assert mounts.file_system(mounts.here(), Path("/proc/self")) == "proc"
