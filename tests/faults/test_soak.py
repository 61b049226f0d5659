"""The soak's judgement, and a short one."""

from __future__ import annotations

import pytest

from faults.soak import Look, growth, soak, table

pytestmark = pytest.mark.once  # what the daemon bears, its own rooms are tried for on each Python


def looks(*memory: float, descriptors: int = 5) -> list[Look]:
    """Give a look for each figure of memory."""
    return [Look(n, {"writer": mib}, {"writer": descriptors}) for n, mib in enumerate(memory, 1)]


def test_growth_is_told() -> None:
    """Memory or descriptors that grow from the beginning to the end of a run are told; a bulge is not."""
    assert list(growth(looks(9, 5, 5, 6, 9, 6, 5, 5, 5))) == []
    assert list(growth(looks(5, 5, 5, 5, 6, 6, 6, 6, 6))) == ["memory grew from 5.0 to 6.0 MiB"]
    more = looks(5, 5, 5, 5) + looks(5, 5, 5, 5, descriptors=6)
    assert list(growth(more)) == ["descriptors grew from 5 to 6"]


def test_short_soak_is_told_by_process() -> None:
    """A run of some cycles, links that change and pages that fail among them, shows each process."""
    lines = list(table(list(soak(50))))
    assert [line.split()[0] for line in lines[1:6]] == [
        "supervisor",
        "fetcher",
        "writer",
        "watcher",
        "status",
    ]
