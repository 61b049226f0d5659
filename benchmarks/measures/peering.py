"""Another program beside xelinkd."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.figures import Figure
from benchmarks.rig import flags
from benchmarks.trees import cpu_of_a_cycle, folder_of, seconds_to_labels, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.rig import Rig

_INTERVAL: Final = 1  # seconds; the flags know no shorter one


def peer(rig: Rig) -> list[Figure]:
    """Start both with the same flags."""
    if not rig.peer:
        return []
    ours, theirs = (_started_and_cycled(rig, program) for program in (rig.run("xelinkd"), rig.peer))
    name = f"peer ({Path(rig.peer[0]).name})"
    what = {
        "start": "start to first label, by flags",
        "cycle": f"steady cycle, CPU (every {_INTERVAL} s)",
    }
    return [Figure(what[key], "ms", ours[key], None, name, theirs[key]) for key in what]


def _started_and_cycled(rig: Rig, program: Sequence[str]) -> dict[str, tuple[float, ...]]:
    samples: dict[str, list[float]] = {"start": [], "cycle": []}
    for _ in range(rig.effort.rounds):
        with folder_of(rig) as folder:
            command = (*program, *flags(rig, folder, _INTERVAL))
            samples["start"].append(1e3 * seconds_to_labels(command, folder))
            samples["cycle"].append(total(cpu_of_a_cycle(rig, command, folder)))
    return {name: tuple(values) for name, values in samples.items()}
