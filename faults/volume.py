"""A file system in memory that knows what of it would outlive a loss of power. Pure: no kernel, no clock.

A file's content outlives it as it was when the file was last synced, a folder's entries as they were when the
folder was last synced. That is the least that POSIX promises, and all that a program may count on.
"""

from __future__ import annotations

import errno
import stat
from dataclasses import dataclass, field
from typing import Final

ROOT: Final = 1


@dataclass(slots=True)
class File:
    """A file, or a symbolic link, whose content is where it leads."""

    mode: int
    content: bytes = b""
    synced: bytes = b""
    changes: int = 0

    def sync(self) -> None:
        """Make what it holds last."""
        self.synced = self.content


@dataclass(slots=True)
class Folder:
    """Names of nodes."""

    mode: int
    entries: dict[str, int] = field(default_factory=dict)
    synced: dict[str, int] = field(default_factory=dict)
    changes: int = 0

    def sync(self) -> None:
        """Make its entries last."""
        self.synced = dict(self.entries)


Node = File | Folder


class Volume:
    """Nodes by number; those that no entry names stay, for who has them open."""

    def __init__(self) -> None:
        """Hold nothing but the root."""
        self.nodes: dict[int, Node] = {ROOT: Folder(stat.S_IFDIR | 0o755)}

    def folder(self, number: int) -> Folder:
        """Give a folder; ENOTDIR if it is none."""
        node = self.nodes[number]
        if isinstance(node, Folder):
            return node
        raise NotADirectoryError(errno.ENOTDIR, "not a folder")

    def file(self, number: int) -> File:
        """Give a file; EISDIR if it is none."""
        node = self.nodes[number]
        if isinstance(node, File):
            return node
        raise IsADirectoryError(errno.EISDIR, "a folder")

    def find(self, parent: int, name: str) -> int:
        """Give the number of what has a name; ENOENT if nothing has."""
        try:
            return self.folder(parent).entries[name]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, name) from None

    def make(self, parent: int, name: str, node: Node) -> int:
        """Put a new node into a folder; EEXIST if the name is taken."""
        number = len(self.nodes) + 1
        self._enter(number, parent, name)
        self.nodes[number] = node
        return number

    def link(self, number: int, parent: int, name: str) -> None:
        """Give a node another name; EEXIST if that is taken."""
        self._enter(number, parent, name)
        self.nodes[number].changes += 1

    def _enter(self, number: int, parent: int, name: str) -> None:
        folder = self.folder(parent)
        if name in folder.entries:
            raise FileExistsError(errno.EEXIST, name)
        folder.entries[name] = number
        folder.changes += 1

    def remove(self, parent: int, name: str) -> None:
        """Take a name out of its folder; ENOTEMPTY if it is of a folder that is not empty."""
        node = self.nodes[self.find(parent, name)]
        if isinstance(node, Folder) and node.entries:
            raise OSError(errno.ENOTEMPTY, name)
        folder = self.folder(parent)
        del folder.entries[name]
        folder.changes += 1

    def rename(self, parent: int, name: str, new_parent: int, new_name: str) -> None:
        """Give something another name, which is taken from what had it."""
        number = self.find(parent, name)
        del self.folder(parent).entries[name]
        self.folder(new_parent).entries[new_name] = number
        for changed in (self.folder(parent), self.folder(new_parent), self.nodes[number]):
            changed.changes += 1

    def write(self, number: int, offset: int, data: bytes) -> None:
        """Write into a file, with zeros where there is nothing before."""
        file = self.file(number)
        head = file.content[:offset].ljust(offset, b"\0")
        file.content = head + data + file.content[offset + len(data) :]
        file.changes += 1

    def resize(self, number: int, size: int) -> None:
        """Cut a file, or fill it with zeros."""
        file = self.file(number)
        file.content = file.content[:size].ljust(size, b"\0")
        file.changes += 1

    def after_a_loss(self, name: str) -> frozenset[bytes | None]:
        """Give what a file in the root may hold if the power is lost now; None: there may be none.

        Entries that were not synced may have got to the disk nevertheless, and so may none of them.
        """
        root = self.folder(ROOT)
        numbers = (root.synced.get(name), root.entries.get(name))
        return frozenset(None if number is None else self._lasting(number) for number in numbers)

    def lose_power(self) -> None:
        """Forget all that was not synced."""
        for node in self.nodes.values():
            if isinstance(node, File):
                node.content = node.synced
            else:
                node.entries = dict(node.synced)
            node.changes += 1

    def _lasting(self, number: int) -> bytes | None:
        node = self.nodes[number]
        return node.synced if isinstance(node, File) else None
