"""Files that are replaced as a whole: others see the old content or the new one, after a power cut too."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MODE: Final = 0o644  # who reads it is another user

Signature = tuple[int, int, int, int]


def signature_of(path: Path) -> Signature | None:
    """Give what changes whenever the file does, at the cost of one system call; None without a file.

    Raises:
        OSError: the folder cannot be searched.

    """
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_ino, found.st_ctime_ns, found.st_size, found.st_mode


def replace_whole(path: Path, content: bytes, staged: Path) -> None:
    """Replace a file: `staged`, on the same file system, is written and synced, renamed, the folder synced.

    Raises:
        OSError: it could not be done; the old file is as it was.

    """
    try:
        _write_synced(staged, content)
        staged.rename(path)
    except BaseException:
        with suppress(OSError):
            staged.unlink()
        raise
    _sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file for good; none is fine.

    Raises:
        OSError: it could not be removed.

    """
    path.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        _sync_folder(path.parent)


def kind_of(mode: int) -> str:
    """Name what is no regular file."""
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a FIFO"}
    return kinds.get(stat.S_IFMT(mode), "not a regular file")


def _write_synced(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, MODE)  # whatever the umask
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
