"""A disk that fails as it is told, and can lose power: what `faults.fuse` serves, as faults use it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, cast

from support.daemon import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

WRITES: Final = ("CREATE", "MKDIR", "WRITE", "SETATTR", "RENAME", "RENAME2", "UNLINK", "FSYNC", "FSYNCDIR")


@dataclass(frozen=True, slots=True)
class FragileDisk:
    """The process that serves the disk, by the pipes that it is ordered through."""

    orders: IO[str]
    answers: IO[str]

    @contextmanager
    def refusing(self, refused: Mapping[str, int]) -> Iterator[None]:
        """Refuse operations with an errno while the block lasts."""
        self._order("refuse", dict(refused))
        yield
        self._order("refuse", {})

    @contextmanager
    def syncing_slowly(self, seconds: float) -> Iterator[None]:
        """Let each fsync take so many seconds while the block lasts."""
        self._order("sync takes", seconds)
        yield
        self._order("sync takes", 0.0)

    @contextmanager
    def holding(self, *operations: str) -> Iterator[None]:
        """Let none of these operations end while the block lasts."""
        self._order("hold", list(operations))
        yield
        self._order("hold", [])

    def lose_power(self) -> None:
        """Forget what was not synced."""
        self._order("lose power", value=True)

    def may_have_remained(self) -> list[list[str | None]]:
        """Give what a loss of power could have left of the feature file, moment by moment; None: no file."""
        told: list[list[str | None]] = self._order("tell", value=True)
        return told

    def _order(self, name: str, value: object) -> Any:  # noqa: ANN401  what JSON holds
        self.orders.write(json.dumps({name: value}) + "\n")
        self.orders.flush()
        return json.loads(self.answers.readline())


@contextmanager
def fragile_disk(folder: Path, watched: str = "") -> Iterator[FragileDisk]:
    """Have such a disk at a folder; OSError where it cannot be had. `watched`: the file that may be lost."""
    command = [sys.executable, "-m", "faults.fuse", str(folder), watched]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        orders, answers = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)
        with orders:
            wait_until(lambda: folder.is_mount() or process.poll(), "the disk")
            if process.poll() is not None:
                raise OSError("there is no FUSE here: /dev/fuse cannot be opened, or not be mounted")
            yield FragileDisk(orders, answers)
