"""What the daemon's imports take, by what is imported."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from benchmarks.figures import Figure
from benchmarks.rig import labels_in, running, wait_until
from benchmarks.trees import folder_of, xelinkd

if TYPE_CHECKING:
    from benchmarks.rig import Rig

_LINE: Final = re.compile(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", re.MULTILINE)
_SHOWN: Final = 12


def imports(rig: Rig) -> list[Figure]:
    """Have the interpreter tell how long each import took until the first label, its own ones included."""
    rounds = [_round(rig) for _ in range(rig.effort.rounds)]
    times = [_by_package(found) for found in rounds]
    largest = [name for name, _ in sum(times, Counter()).most_common(_SHOWN)]
    return [
        Figure("imports until the first label", "ms", tuple(each.total() / 1e3 for each in times)),
        *(Figure(f"  {name}", "ms", tuple(each[name] / 1e3 for each in times)) for name in largest),
        Figure("modules imported until the first label", "", tuple(float(len(found)) for found in rounds)),
    ]


def _round(rig: Rig) -> dict[str, int]:
    """Give the microseconds that each module took, without what it imports itself."""
    with folder_of(rig) as folder:
        command = xelinkd(rig, folder, 3600.0)
        with running(command, folder, PYTHONPROFILEIMPORTTIME="1"):
            wait_until(labels_in(folder).exists)
        return {name: int(took) for took, name in _LINE.findall((folder / "log").read_text())}


def _by_package(found: dict[str, int]) -> Counter[str]:
    packages: Counter[str] = Counter()
    for name, took in found.items():
        packages[name.partition(".")[0]] += took
    return packages
