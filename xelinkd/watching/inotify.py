"""Changes as the kernel tells them, through watchdog's inotify descriptor and the thread that reads it.

Not through watchdog's observers (7.1): they hold back a directory's events for 0.5 s after a file has
moved out of it, do not tell when the kernel's queue overflowed, and take a directory that may not be read for
one in which nothing happens.
"""

from __future__ import annotations

import os
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct
from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyFD, Mask

from xelinkd.watching import mounts
from xelinkd.watching.chain import Entry, walk
from xelinkd.watching.settling import Change, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from watchdog.observers.inotify_c import InotifyEvent, WatchDescriptor

_WRITTEN: Final = InotifyConstants.IN_MODIFY | InotifyConstants.IN_CLOSE_WRITE
# Whatever may lead the path elsewhere, so that the entries must be found anew.
_RESHAPED: Final = (
    InotifyConstants.IN_CREATE
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_MOVE
    | InotifyConstants.IN_ATTRIB
    | InotifyConstants.IN_IGNORED
    | InotifyConstants.IN_Q_OVERFLOW
)
# Opening, reading and closing after reading are left out: a reload must not cause another.
_MASK: Final = Mask(_WRITTEN | _RESHAPED | InotifyConstants.IN_DONT_FOLLOW)
_REFUSED: Final = -1  # what watchdog gives for EACCES, which it does not raise


class CannotWatchError(Exception):
    """Inotify would not tell all that happens to the files; the message says why."""


class Event(NamedTuple):
    """What the kernel told of an entry: bits of inotify(7)."""

    entry: Entry
    mask: int

    def change(self) -> Change:
        """Say what it means for the content."""
        if self.mask & (InotifyConstants.IN_CLOSE_WRITE | InotifyConstants.IN_MOVED_TO):
            return Change.WHOLE
        if self.mask & InotifyConstants.IN_MODIFY or self._is_new_file():
            return Change.PARTIAL
        return Change.UNSURE

    def _is_new_file(self) -> bool:
        """Tell a file, which will be closed, from a directory or symlink, which will not."""
        is_new = self.mask & InotifyConstants.IN_CREATE and not self.mask & InotifyConstants.IN_ISDIR
        # Path.is_symlink raises where the directory may not be searched, before Python 3.13.
        return bool(is_new) and not os.path.islink(self.entry.path)  # noqa: PTH114  as said above


class Tap(Struct, frozen=True):
    """Picks one entry's events out of those of a watch; called by watchdog's thread."""

    entry: Entry
    name: bytes  # as the kernel gives it: empty for the watched thing itself
    wanted: int
    tell: Callable[[Event], None]

    def on_event(self, event: InotifyEvent) -> None:
        """Take an event of the watched directory or file."""
        if event.name == self.name:
            self._tell(event.mask)

    def on_watch_deleted(self, _wd: WatchDescriptor) -> None:
        """Take note that the directory is gone, or its file system was unmounted."""
        self._tell(InotifyConstants.IN_IGNORED)

    def on_queue_overflow(self) -> None:
        """Take note that events were lost."""
        self._tell(InotifyConstants.IN_Q_OVERFLOW)

    def _tell(self, mask: int) -> None:
        if mask & self.wanted:
            self.tell(Event(self.entry, mask))


class Inotify:
    """Watches every directory that decides what the paths name, and the files themselves."""

    next_look: Final = None  # the kernel calls
    entries: frozenset[Entry]  # those that decide now

    def __init__(self, paths: Sequence[Path], wake: Callable[[], None]) -> None:
        """Start to watch absolute paths; `wake` is called by another thread whenever `take` has something.

        Raises:
            CannotWatchError: no inotify instance or watch is left, a directory may not be read, or is remote.

        """
        self._paths = paths
        self._wake = wake
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._taps: dict[Tap, WatchDescriptor] = {}
        try:
            self._inotify = InotifyFD()
        except OSError as error:
            raise CannotWatchError(str(error)) from error
        self._inotify.start()
        try:
            self._watch()
        except CannotWatchError:
            self.close()
            raise
        for (
            entry
        ) in self.entries:  # what happened before the watches stood is as unknown as after an overflow
            self._tell(Event(entry, InotifyConstants.IN_Q_OVERFLOW))

    def take(self, _now: float) -> list[Seen]:
        """Give what was seen since the last call.

        Raises:
            CannotWatchError: the paths have come to lead where inotify does not tell all.

        """
        events = list(self._drain())
        if any(event.mask & _RESHAPED for event in events):
            self._watch()
        return [Seen(event.entry, event.change()) for event in events if event.entry in self.entries]

    def close(self) -> None:
        """Stop to watch, and wait until the thread has ended."""
        self._inotify.stop()
        self._inotify.join()

    def _tell(self, event: Event) -> None:
        self._events.put(event)
        self._wake()

    def _drain(self) -> Iterator[Event]:
        with suppress(Empty):
            while True:
                yield self._events.get_nowait()

    def _watch(self) -> None:
        """Watch what decides now, then let go what did before; what is in both is watched throughout.

        Asking the kernel again is what tells a directory from another that got its inode number.
        """
        try:
            taps = self._tap_all(mounts.here())
        except OSError as error:
            raise CannotWatchError(str(error)) from error
        self._inotify.remove_callbacks([(wd, _id(tap)) for tap, wd in self._taps.items()])
        self._taps = taps
        self.entries = frozenset(tap.entry for tap in taps)

    def _tap_all(self, mounted: Mapping[Path, str]) -> dict[Tap, WatchDescriptor]:
        taps: dict[Tap, WatchDescriptor] = {}
        for path in self._paths:
            entry = None
            for entry in walk(path):
                _refuse_remote(entry.path, mounted)
                tap = Tap(entry, os.fsencode(entry.name), _WRITTEN | _RESHAPED, self._tell)
                self._add(tap, entry.directory, taps)
            if entry:
                # A file that is mounted there or has a second name: the directory does not hear of writes.
                self._add(Tap(entry, b"", _WRITTEN, self._tell), entry.path, taps)
        return taps

    def _add(self, tap: Tap, path: Path, taps: dict[Tap, WatchDescriptor]) -> None:
        if tap in taps:
            return
        with suppress(FileNotFoundError, NotADirectoryError):  # an entry above tells when it comes
            taps[tap] = self._inotify.add_callback(os.fsencode(path), _MASK, tap, _id(tap))
            if taps[tap] == _REFUSED and tap.name:
                raise CannotWatchError(f"directory {path} may not be read")


def _id(tap: Tap) -> CallbackId:
    return CallbackId(id(tap))


def _refuse_remote(path: Path, mounted: Mapping[Path, str]) -> None:
    file_system = mounts.file_system(mounted, path)
    if mounts.is_remote(file_system):
        raise CannotWatchError(f"{path} is on a file system of type {file_system}")
