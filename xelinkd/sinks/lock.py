"""One xelinkd for a feature file: a lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xelinkd import logs
from xelinkd.config.sinks import STAGING_NAME
from xelinkd.sinks.aside import place_aside
from xelinkd.sinks.whole_file import kind_of

if TYPE_CHECKING:
    from pathlib import Path

GRACE: Final = 2.0  # seconds; a predecessor may be dying
RETRY: Final = 0.1  # seconds between two attempts
OWNER_SIZE: Final = 16  # bytes
_TO_LOOK: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW  # a FIFO would be waited for
_TO_LOCK: Final = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
# Another user's file, a folder, a link, a socket.
_UNFIT: Final = frozenset({errno.EACCES, errno.EISDIR, errno.ELOOP, errno.ENXIO})
_OWNER_ONLY: Final = 0o600  # who may open the file could lock it, and keep us from our work

log = logs.logger()


def new_owner() -> bytes:
    """Give a name for one that takes locks, by which it is known again."""
    return os.urandom(OWNER_SIZE // 2).hex().encode()


def lock_path(feature_file: Path) -> Path:
    """Name the file that is locked in the feature file's stead."""
    return feature_file.parent / STAGING_NAME / f"{feature_file.name}.lock"


def is_taken(feature_file: Path) -> bool:
    """Tell whether somebody has the lock, without taking it from anybody or leaving a name.

    For this moment it is shared: one who tries to take it just then has to try again, as all do.

    Raises:
        OSError: the lock file cannot be looked at.

    """
    try:
        descriptor = os.open(lock_path(feature_file), _TO_LOOK)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class FeatureFileLock:
    """A lock for whoever writes a feature file, on a file of its own in a hidden folder beside it.

    The lock file stays: removing it would let two holders in. It is made anew if others removed it, moved it
    away or put something else in its place.
    `was_anothers` tells whether the last one that had it before us was another owner.
    """

    def __init__(self, feature_file: Path, owner: bytes | None = None) -> None:
        """Hold nothing yet; `owner` is what new_owner gave (None: a new one)."""
        self.feature_file: Final = feature_file
        self.was_anothers = False
        self._owner = owner or new_owner()
        self._path = lock_path(feature_file)
        self._descriptor: int | None = None
        self._locked: os.stat_result | None = None

    def take(self) -> bool:
        """Have the lock from now on; False if another process has it.

        Raises:
            OSError: there is no folder for it, or the system refuses.

        """
        while not self._is_good():
            self.release()
            self._path.parent.mkdir(mode=0o755, exist_ok=True)
            self._descriptor = self._opened()
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                self.release()
                if isinstance(error, BlockingIOError):
                    return False
                raise
            self._locked = os.fstat(self._descriptor)
            self._sign(self._descriptor)
        return True

    def release(self) -> None:
        """Let others have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _sign(self, descriptor: int) -> None:
        """See who had it before, and leave our own name for who comes after."""
        before = os.pread(descriptor, OWNER_SIZE, 0)
        self.was_anothers = before not in {b"", self._owner}
        if before != self._owner:
            with suppress(OSError):  # the disk is full: the lock is good all the same
                os.pwrite(descriptor, self._owner, 0)

    def _opened(self) -> int:
        """Open what others would lock, too. What cannot be locked is moved aside: the folder is ours."""
        try:
            descriptor = os.open(self._path, _TO_LOCK, _OWNER_ONLY)
        except OSError as error:
            if error.errno not in _UNFIT or not os.path.lexists(self._path):
                raise
        else:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return descriptor
            os.close(descriptor)
        self._move_aside()
        return os.open(self._path, _TO_LOCK, _OWNER_ONLY)

    def _move_aside(self) -> None:
        mode = self._path.lstat().st_mode
        aside = place_aside(self._path.with_name(f"{self._path.name}.foreign"))
        self._path.rename(aside)
        found = "another user's file" if stat.S_ISREG(mode) else kind_of(mode)
        log.warning("feature_file_lock_moved_aside", file=self._path, found=found, moved_to=aside)

    def _is_good(self) -> bool:
        """Tell whether we hold it, and it is still what others would meet."""
        if self._descriptor is None or self._locked is None:
            return False
        try:
            return os.path.samestat(self._locked, self._path.lstat())
        except (FileNotFoundError, NotADirectoryError):
            return False
