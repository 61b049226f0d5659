"""Tells when any of some files may have changed. The reader compares contents: a false alarm is cheap."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from xelinkd.watching.inotify import CannotWatchError, Inotify
from xelinkd.watching.polling import Polling
from xelinkd.watching.settling import Pending, due, noted, relevant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xelinkd.watching.chain import Entry


class Watch:
    """Watches files until it is closed; to be waited for together with other things.

    Wait until `fileno()` can be read or `timeout(now)` seconds have passed, then ask `poll(now)`. The moments
    `now` are of any one clock that does not go back. Files may be missing, and may be symlinks.
    """

    def __init__(self, paths: Iterable[str | Path], *, settle: float = 1.0, interval: float = 1.0) -> None:
        """Start to watch. What changed before that is unknown, so there is something to announce at once.

        `settle`: seconds without a write after which a file is taken for whole, though nobody has closed it.
        `interval`: seconds between two looks, where inotify cannot be had.
        """
        self._paths = tuple(Path(path).absolute() for path in paths)
        self._settle = settle
        self._interval = interval
        self._pending: dict[Entry, Pending] = {}
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._source: Inotify | Polling
        self.mode_reason: str | None = None  # why it polls
        try:
            self._source = Inotify(self._paths, self._ring)
        except CannotWatchError as error:
            self._fall_back(error)

    def __enter__(self) -> Self:
        """Give itself, to be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Stop to watch; no thread is left."""
        self._source.close()
        os.close(self._bell)

    @property
    def mode(self) -> Literal["inotify", "polling"]:
        """How changes are found. It may turn to polling while it runs, and does not turn back."""
        return "inotify" if self.mode_reason is None else "polling"

    def fileno(self) -> int:
        """Give the descriptor that can be read when something has happened."""
        return self._bell

    def timeout(self, now: float) -> float | None:
        """Give the seconds until `poll` must be asked even if nothing happens; None if it need not be."""
        moments = [moment for moment in (due(self._pending), self._source.next_look) if moment is not None]
        return max(0.0, min(moments) - now) if moments else None

    def poll(self, now: float) -> bool:
        """Take in what happened; True if the files may have changed, and none is known to be half written."""
        with suppress(BlockingIOError):  # it was not rung: a time has come
            os.eventfd_read(self._bell)
        self._take(now)
        moment = due(self._pending)
        if moment is None or now < moment:
            return False
        self._pending = {}
        return True

    def _take(self, now: float) -> None:
        try:
            seen = self._source.take(now)
        except CannotWatchError as error:
            self._source.close()
            self._fall_back(error)
            seen = self._source.take(now)
        self._pending = noted(relevant(self._pending, self._source.entries), seen, now, self._settle)

    def _fall_back(self, error: CannotWatchError) -> None:
        self.mode_reason = str(error)
        self._settle = self._interval  # announced when two looks were the same
        self._source = Polling(self._paths, self._interval)

    def _ring(self) -> None:
        os.eventfd_write(self._bell, 1)
