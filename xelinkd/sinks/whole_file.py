"""Files that are replaced as a whole: others see the old content or the new one, after a power cut too."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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


def read_at_once(path: Path, size: int) -> bytes:
    """Read at most `size` bytes of what was a regular file a moment ago; a FIFO in its place gives none.

    Raises:
        OSError: it cannot be read, or is something else by now.

    """
    with open(path, "rb", opener=_open_at_once) as file:
        return file.read(size) or b""


def replace_whole(path: Path, content: bytes, staged: Path, make_way: Callable[[], object]) -> Signature:
    """Replace a file: `staged`, on the same file system, is written and synced, renamed, the folder synced.

    A sync may take seconds, and others may come meanwhile: `make_way` looks at what is there, just before
    the rename, and raises if it must stay. Gives the signature of this content, whatever may stand there by
    now.

    Raises:
        OSError: it could not be done; the old file is as it was.

    """
    try:
        _write_synced(staged, content)
        with _marked(staged) as descriptor:
            make_way()
            staged.rename(path)
            renamed = os.fstat(descriptor)
    except BaseException:
        with suppress(OSError):
            staged.unlink()
        raise
    _sync_folder(path.parent)
    return renamed.st_ino, renamed.st_ctime_ns, len(content), stat.S_IFREG | MODE


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


@contextmanager
def _marked(path: Path) -> Iterator[int]:
    """Know a file again wherever it comes to be; by O_PATH, for whose end inotify tells nobody."""
    descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting for a FIFO's writer, and without following a link."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)


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
