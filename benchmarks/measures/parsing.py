"""What reading a page takes, and what making labels of it takes."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Final

from benchmarks.figures import Budget, Figure
from benchmarks.rig import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.rig import Rig

_BUDGETS: Final[Mapping[str, Budget]] = {
    "page to topology": Budget(80, of="speed-up"),
    "the same page again": Budget(None, 3, "ratio"),
}


def parse(rig: Rig) -> list[Figure]:
    """Read pages that are in memory, in a fresh process for each round; and what they are compared with."""
    command = rig.run("benchmarks.parse", str(rig.effort.calls))
    surroundings = environment(rig.references)
    rounds = [
        json.loads(subprocess.check_output(command, env=surroundings))  # noqa: S603  our own command
        for _ in range(rig.effort.rounds)
    ]
    return [_figure(what, [times[what] for times in rounds]) for what in rounds[0]]


def _figure(what: str, rounds: list[Mapping[str, float | str]]) -> Figure:
    def samples(who: str) -> tuple[float, ...]:
        return tuple(1e3 * float(times[who]) for times in rounds if who in times)

    return Figure(
        what,
        "ms",
        samples("ours"),
        _BUDGETS.get(what),
        str(rounds[0].get("beside", "")),
        samples("theirs"),
    )
