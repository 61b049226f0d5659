"""Many cycles, with links that change and pages that fail: the daemon's memory and descriptors stay flat.

Looks at each process of the tree now and then, and sets the end of the run against its beginning.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from support.daemon import wait_until

from benchmarks import procfs
from faults.answers import response
from faults.ending import until_told
from faults.rig import AFTER, BEFORE, standing
from faults.scripts import sending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from faults.rig import Rig

INTERVAL: Final = "100ms"
LOOKS: Final = 40
ROUND: Final = 25  # cycles: the links change, then pages fail
FAILING: Final = 5  # of a round
MAY_GROW: Final = 0.5  # MiB, for all processes: what an allocator rounds up is no leak
_PATIENCE: Final = 30.0  # seconds
_FAILURE: Final = response(b"#nodata: due to unexpected failure\n", status="500 Internal Server Error")


@dataclass(frozen=True, slots=True)
class Look:
    """What each process held after so many cycles: MiB of memory that is no file's, and descriptors."""

    cycles: int
    memory: Mapping[str, float]
    descriptors: Mapping[str, int]


def main() -> int:
    """Run the soak, print its table, and give the exit status."""
    parser = argparse.ArgumentParser(prog="tools/soak", description=__doc__)
    parser.add_argument("--cycles", type=int, default=20_000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every look")
    options = parser.parse_args()
    looks = list(soak(options.cycles))
    complaints = list(growth(looks))
    sys.stdout.write("\n".join((*table(looks), *complaints, "not flat" if complaints else "flat")) + "\n")
    if options.json:
        options.json.write_text(json.dumps([(look.cycles, look.memory, look.descriptors) for look in looks]))
    return 1 if complaints else 0


def soak(cycles: int) -> Iterator[Look]:
    """Let the daemon fetch so often, and look at it from when it has settled."""
    with standing() as rig:
        rig.daemon.configure(source={"interval": INTERVAL})
        rig.daemon.start()
        machines = cycle((AFTER, BEFORE))
        due = ROUND
        while len(rig.source.fetches) < cycles:
            rig.source.show(next(machines))
            _wait_for_fetches(rig, ROUND - FAILING)
            with rig.source.playing(sending(_FAILURE)):
                _wait_for_fetches(rig, FAILING)
            if len(rig.source.fetches) >= due:
                due += cycles // LOOKS
                yield _look(rig)


def growth(looks: Sequence[Look]) -> Iterator[str]:
    """Complain of what is more at the end than at the beginning."""
    before, after = _quarters(looks, lambda look: sum(look.memory.values()))
    if after > before + MAY_GROW:
        yield f"memory grew from {before:.1f} to {after:.1f} MiB"
    before, after = _quarters(looks, lambda look: sum(look.descriptors.values()))
    if after > before:
        yield f"descriptors grew from {before:g} to {after:g}"


def table(looks: Sequence[Look]) -> Iterator[str]:
    """Set the second quarter of the looks against the last one, for each process: the medians."""
    yield f"{'process':12}{'MiB, second':>12}{'last':>8}{'descriptors, second':>21}{'last':>6}"
    for name in looks[-1].memory:
        memory = _quarters(looks, _memory_of(name))
        descriptors = _quarters(looks, _descriptors_of(name))
        yield f"{name:12}{memory[0]:12.2f}{memory[1]:8.2f}{descriptors[0]:21g}{descriptors[1]:6g}"
    yield f"{looks[-1].cycles} cycles, {len(looks)} looks"


def _memory_of(name: str) -> Callable[[Look], float]:
    return lambda look: look.memory[name]


def _descriptors_of(name: str) -> Callable[[Look], float]:
    return lambda look: look.descriptors[name]


def _quarters(looks: Sequence[Look], measure: Callable[[Look], float]) -> tuple[float, float]:
    """Give the medians of the second and of the last quarter.

    In the first one, pages that the processes share since the fork are still parted, as each is written to.
    """
    size = max(1, len(looks) // 4)
    settled = looks[size:] or looks
    return median(map(measure, settled[:size])), median(map(measure, settled[-size:]))


def _wait_for_fetches(rig: Rig, more: int) -> None:
    enough = len(rig.source.fetches) + more
    wait_until(lambda: len(rig.source.fetches) >= enough, f"{more} fetches", _PATIENCE)


def _look(rig: Rig) -> Look:
    rig.daemon.wait_for_workers()
    pids = {
        "supervisor" if pid == rig.daemon.pid else name.removeprefix("xelinkd:"): pid
        for pid, name in procfs.tree(rig.daemon.pid).items()
    }
    memory = {name: round(procfs.pss_mib(pid, "Pss_Anon"), 3) for name, pid in pids.items()}
    cycles = len(rig.source.fetches)
    sys.stderr.write(f"{cycles} cycles: {sum(memory.values()):.1f} MiB\n")
    return Look(cycles, memory, {name: _descriptors(pid) for name, pid in pids.items()})


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


if __name__ == "__main__":
    sys.exit(until_told(main))
