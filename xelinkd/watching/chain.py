"""Which directory entries decide what a path names: replace any one of them, and something else is read."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LINKS: Final = 40  # symlinks that Linux follows in one path; path_resolution(7)


class Entry(NamedTuple):
    """A name in a directory, whether or not something is there; the directory's path is free of symlinks."""

    directory: Path
    name: str

    @property
    def path(self) -> Path:
        """Where the entry is."""
        return self.directory / self.name


def walk(path: Path) -> Iterator[Entry]:
    """Give every entry through which an absolute path resolves, symlinks included, in that order.

    Each entry is given *before* it is looked at: whoever starts to watch its directory before taking the next
    one misses nothing. Ends with the file, or with the first entry that is missing or cannot be reached.
    """
    directory, left, links = Path("/"), list(reversed(path.parts)), 0
    while left and links <= MAX_LINKS:
        name = left.pop()
        if name.startswith("/"):
            directory = Path("/")
        elif name == "..":
            directory = directory.parent
        else:
            entry = Entry(directory, name)
            yield entry
            try:
                left += reversed(entry.path.readlink().parts)
                links += 1
            except OSError as error:
                if error.errno != errno.EINVAL:  # which is: there, and no symlink
                    return
                directory = entry.path
