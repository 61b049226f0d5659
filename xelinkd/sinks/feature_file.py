"""Node Feature Discovery's feature file on disk: replaced whole, by one rename that NFD sees as one event.

The new content is staged in a hidden folder that NFD does not watch (nfd-worker 0.19: a temporary file inside
features.d is an event itself, and the rename's own event may then be the one that it drops).
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd import logs
from xelinkd.model.feature_file import MAX_SIZE, FeatureFile, read, render
from xelinkd.sinks.aside import place_aside, places_aside
from xelinkd.sinks.sink import Absent, Foreign, Ours
from xelinkd.sinks.whole_file import (
    MODE,
    Signature,
    kind_of,
    read_at_once,
    remove,
    replace_whole,
    signature_of,
)
from xelinkd.telling import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from xelinkd.config.sinks import FeatureFile as Settings
    from xelinkd.model.episodes import News
    from xelinkd.sinks.sink import Found

NEW: Final = ".new"

log = logs.logger()


def feature_file(settings: Settings, _on_wait: Callable[[], None] | None) -> FeatureFileSink:
    """Keep labels in the file at `feature_file.path`; nothing there is worth a word while it waits."""
    return FeatureFileSink(settings.path, settings.staging)


class FeatureFileSink(Struct, frozen=True):
    """Where the feature file is, and where its next content is staged (on the same file system)."""

    path: Path
    staging: Path
    renewal: float = 0.5
    retry_at: None = None  # a file can be tried at every step

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def about(self) -> Mapping[str, object]:
        """The same as a field."""
        return {"file": self.path}

    def signature(self) -> Signature | None:
        """Give what changes whenever the file does, at the cost of one system call; None without a file.

        Raises:
            OSError: the folder cannot be searched.

        """
        return signature_of(self.path)

    def read(self) -> Found:
        """Look at what is there.

        Raises:
            OSError: it is there and cannot be read.

        """
        signature = self.signature()
        if signature is None:
            return Absent()
        *_, size, mode = signature
        if not stat.S_ISREG(mode):
            return Foreign(kind_of(mode))
        if size > MAX_SIZE:
            return Foreign(f"a file of {size} bytes")
        file = read(read_at_once(self.path, MAX_SIZE))
        return (
            Foreign("a file with other content") if file is None else Ours(file, stat.S_IMODE(mode) == MODE)
        )

    def check(self, lines: tuple[str, ...]) -> None:
        """Refuse what NFD would not take.

        Raises:
            TooLargeError: the file would be too large.

        """
        render(FeatureFile(lines, expiry=0))

    def write(self, file: FeatureFile) -> Signature:
        """Replace the feature file: synced, then one rename, then the folder synced. Gives its signature.

        What is not ours is kept aside, with a warning.

        Raises:
            OSError: it could not be done; the old file is as it was.
            TooLargeError: NFD would not take it.

        """
        content = render(file)
        self.staging.mkdir(mode=0o755, exist_ok=True)
        return replace_whole(self.path, content, self._staged(), self._make_way)

    def remove(self) -> None:
        """Remove the feature file; none is fine.

        Raises:
            OSError: it could not be removed.

        """
        remove(self.path)

    def keep_aside(self) -> Path:
        """Keep what is not ours in the staging folder, out of NFD's sight; give where.

        It stays in its place, too, until it is replaced: a moment without a file would cost the labels. What
        cannot have a second name (a folder, with some kernels another user's file) is moved.

        Raises:
            OSError: it could not be kept.

        """
        self.staging.mkdir(mode=0o755, exist_ok=True)
        named = self.staging / f"{self.path.name}.foreign"
        aside = next(filter(self._is_also, places_aside(named)), None) or place_aside(named)
        try:
            os.link(self.path, aside, follow_symlinks=False)
        except FileExistsError:  # from before a write that failed
            pass
        except OSError:
            self.path.rename(aside)
        return aside

    def _make_way(self) -> None:
        found = self.read()
        if isinstance(found, Foreign):
            aside = self.keep_aside()
            log.warning("feature_file_moved_aside", file=self.path, found=found.what, moved_to=aside)

    def _is_also(self, aside: Path) -> bool:
        return os.path.samestat(self.path.lstat(), aside.lstat())

    def memo(self) -> bytes:
        """Leave nothing to a successor: the file tells it all."""
        return b""

    def recall(self, memo: bytes) -> None:
        """Take nothing from a predecessor."""

    def sweep(self) -> None:
        """Have the staging folder ready, without what writers that were killed in their work left there.

        To be called well before the first write: for NFD the making of the folder is an event, too.

        Raises:
            OSError: it could not be done.

        """
        self.staging.mkdir(mode=0o755, exist_ok=True)
        for left in self.staging.iterdir():
            if left.name.startswith(f"{self.path.name}.") and left.name.endswith(NEW):
                left.unlink(missing_ok=True)

    # What it tells.

    def tell_foreign(self, found: Foreign) -> None:
        """Say that the file is not ours."""
        log.warning("feature_file_foreign", file=self.path, found=found.what)

    def tell_repaired(self, expires: str) -> None:
        """Say that somebody had changed or removed the file."""
        log.warning("feature_file_repaired", file=self.path, expires=expires)

    def tell_fault(self, news: News, error: Exception | None) -> None:
        """Tell the course of what keeps the file from being right."""
        words = self.explain(error) if error else ""
        tell(
            log,
            news,
            fault="feature_file_failing",
            over="feature_file_recovered",
            file=self.path,
            error=words,
        )

    def explain(self, error: Exception) -> str:
        """Name the folder that people know, rather than the hidden one that was to be made in it."""
        folder = self.path.parent
        if isinstance(error, FileNotFoundError) and not folder.exists():
            return f"there is no folder {folder}: is Node Feature Discovery set up? Make it, or mount it"
        return str(error)

    def _staged(self) -> Path:
        """Name the next content: for each process its own, lest two writers put half of it in place."""
        return self.staging / f"{self.path.name}.{os.getpid()}{NEW}"
