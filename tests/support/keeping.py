"""What a keeper's tests look at and do: its clocks, its file, and what others do to that."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from xelinkd.model.feature_file import FeatureFile, read, render
from xelinkd.model.lease import Instant
from xelinkd.sinks.feature_file import FeatureFileSink

if TYPE_CHECKING:
    from pathlib import Path

LEASE: Final = 1000.0
BOOT: Final = 5000.0
WALL: Final = 1_782_864_000
ONE: Final = ("gpu.intel.com/xe-links=0.0-1.0",)
TWO: Final = ("gpu.intel.com/xe-links=0.0-1.0_0.0-2.0",)
NONE: Final = ("gpu.intel.com/xe-links=",)
TOO_LARGE: Final = tuple(f"gpu.intel.com/xe-links{n}=Z{'0' * 62}" for n in range(1000))

Told = Callable[[], list[dict[str, Any]]]
"""Gives the events that were logged since its last call."""


class Clock:
    """Both clocks, set by hand; whole seconds, so that sums are exact."""

    def __init__(self) -> None:
        """Stand still."""
        self.boot = BOOT
        self.wall = float(WALL)

    def __call__(self) -> Instant:
        """Read both."""
        return Instant(self.boot, self.wall)

    def advance(self, seconds: float) -> None:
        """Let time pass, for both."""
        self.boot += seconds
        self.wall += seconds


def new_sink(folder: Path) -> FeatureFileSink:
    """Give a sink in an empty features.d."""
    (folder / "features.d").mkdir()
    path = folder / "features.d" / "labels.txt"
    return FeatureFileSink(path, path.parent / ".xelinkd")


def on_disk(sink: FeatureFileSink) -> FeatureFile | None:
    """Give the feature file as NFD would read it."""
    try:
        found = sink.path.lstat()
    except OSError:
        return None
    return read(sink.path.read_bytes()) if stat.S_ISREG(found.st_mode) else None


def identity(sink: FeatureFileSink) -> tuple[int, ...] | None:
    """Give what no write leaves as it was."""
    try:
        found = sink.path.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def names(events: list[dict[str, Any]]) -> list[str]:
    """Give what events are called."""
    return [event["event"] for event in events]


# What others may do to the file.


def _delete(path: Path) -> None:
    path.unlink()


def delete_all(path: Path) -> None:
    """Remove whatever is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _hide(path: Path) -> None:
    path.chmod(0o600)


def _relabel(path: Path) -> None:
    path.write_bytes(render(FeatureFile(TWO, WALL + 1000)))


def _unstamp(path: Path) -> None:
    path.write_bytes(render(FeatureFile(ONE, None)))


def _prolong(path: Path) -> None:
    path.write_bytes(render(FeatureFile(ONE, WALL + 90_000)))


def _scribble(path: Path) -> None:
    path.write_text("mine=1\n")


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    (path / "inside").mkdir(parents=True)


TAMPERINGS = (_delete, _hide, _relabel, _unstamp, _prolong)
FOREIGN = (_scribble, _link, _pipe, _folder)
