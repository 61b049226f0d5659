"""The file of an output: replaced whole, and never in place of what somebody else wrote."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.outputs.format import MAX_SIZE
from xelinkd.sinks.whole_file import Signature, kind_of, read_at_once, remove, replace_whole, signature_of

if TYPE_CHECKING:
    from pathlib import Path

NEW: Final = ".new"


class ForeignError(Exception):
    """What is there is not ours; the text says what it is."""


class OutputFile(Struct, frozen=True):
    """Where an output goes, and how contents of ours begin: whatever begins so may be replaced."""

    path: Path
    marks: tuple[bytes, ...]

    def signature(self) -> Signature | None:
        """Give what changes whenever the file does; None without a file.

        Raises:
            OSError: the folder cannot be searched.

        """
        return signature_of(self.path)

    def read(self) -> bytes:
        """Give what is there; nothing if there is no file, or an empty one, which is free for us to fill.

        Raises:
            OSError: it cannot be read.
            ForeignError: it is not ours.

        """
        signature = self.signature()
        if signature is None:
            return b""
        *_, size, mode = signature
        if not stat.S_ISREG(mode):
            raise ForeignError(self._foreign(kind_of(mode)))
        content = read_at_once(self.path, MAX_SIZE) if size <= MAX_SIZE else b"large"
        if content and not content.startswith(self.marks):
            raise ForeignError(self._foreign("a file that xelinkd did not write"))
        return content

    def write(self, content: bytes) -> Signature:
        """Replace it; give its signature.

        Raises:
            OSError: it could not be done; the old file is as it was.
            ForeignError: what is there is not ours.

        """
        return replace_whole(self.path, content, self._staged(os.getpid()), make_way=self.read)

    def remove(self) -> None:
        """Remove it; none is fine.

        Raises:
            OSError: it could not be removed.

        """
        remove(self.path)

    def sweep(self) -> None:
        """Remove what writers that were killed in their work left beside it.

        Raises:
            OSError: it could not be done.

        """
        for left in self.path.parent.iterdir():
            if left.name.startswith(f".{self.path.name}.") and left.name.endswith(NEW):
                left.unlink(missing_ok=True)

    def _staged(self, number: int) -> Path:
        """Name the next content: hidden, and without the ending by which readers know their files."""
        return self.path.with_name(f".{self.path.name}.{number}{NEW}")

    def _foreign(self, what: str) -> str:
        return f"{self.path} is {what}: move it away, or set another file"
