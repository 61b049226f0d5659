"""Asks in a process that the kernel holds, and prints what came of it: `python -m support.held FOLDER`.

A program of its own, for it mounts a disk that does not answer: who waits for that cannot be killed.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path

from support.daemon import children, state_of, wait_until

from faults.fragile_disk import fragile_disk
from faults.mounts import go_private
from xelinkd.net.failure import FetchError
from xelinkd.sources.level_zero.asking import Asking


def main(folder: Path) -> dict[str, object]:
    """Ask while the disk holds whoever looks, ask again, let go, and ask a third time."""
    asking, ask = Asking(), partial(_told, partial(_look, folder / "library"))
    with fragile_disk(folder) as disk:
        others, before = set(children(os.getpid())), descriptors()
        with disk.holding("LOOKUP"):
            # On a busy machine it may be killed before it has got so far.
            first, (held,) = wait_until(lambda: _held(ask(asking), others), "a process that is held")
            state = state_of(held)
            again = ask(asking)
            more = sorted(set(children(os.getpid())) - others - {held})
        wait_until(lambda: state_of(held) == "Z", "the end of who was held")
        third = ask(asking)
        left = sorted(set(children(os.getpid())) - others)
        return {
            "held": held,
            "state": state,
            "told": [first, again, third],
            "more": more,
            "left": left,
            "descriptors": descriptors() - before,
        }


def _held(told: str, others: set[int]) -> tuple[str, set[int]] | None:
    left = set(children(os.getpid())) - others
    return (told, left) if left else None


def _look(path: Path) -> bytes:
    return b"there" if path.exists() else b"nothing"


def _told(look: partial[bytes], asking: Asking) -> str:
    try:
        return asking.ask(look, 0.2).decode()
    except FetchError as error:
        return f"{error.reason}: {error}"


def descriptors() -> int:
    """Count what this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


if __name__ == "__main__":
    go_private()
    json.dump(main(Path(sys.argv[1])), sys.stdout)
