"""Names for what is moved aside: it is somebody's, so it is kept; but not so much of it that a disk fills."""

from __future__ import annotations

import os
import stat
from itertools import count, islice
from typing import TYPE_CHECKING, Final

from xelinkd import logs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST: Final = 16

log = logs.logger()


def place_aside(path: Path) -> Path:
    """Give this name, or with a number after it the first that is free.

    Where there are as many as are kept, the oldest goes for it, and is told. The first stays, which shows how
    it began, and so do folders.

    Raises:
        OSError: that could not be removed.

    """
    free = next(place for place in _numbered(path) if not os.path.lexists(place))
    places = places_aside(path)
    later = [place for place in places[1:] if not stat.S_ISDIR(place.lstat().st_mode)]
    if len(places) < MOST or not later:
        return free
    oldest = min(later, key=lambda place: place.lstat().st_ctime_ns)
    oldest.unlink()
    log.warning("oldest_aside_removed", file=oldest)
    return oldest


def places_aside(path: Path) -> list[Path]:
    """Give which of these names are taken."""
    return [place for place in islice(_numbered(path), MOST) if os.path.lexists(place)]


def _numbered(path: Path) -> Iterator[Path]:
    yield path
    for n in count(2):
        yield path.with_name(f"{path.name}.{n}")
