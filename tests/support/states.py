"""A state of the daemon as it is on a good day, for tests of what is made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace
from msgspec.structs import replace as changed

from xelinkd.model.lease import Instant
from xelinkd.model.topology import Sighting, Tile, Topology
from xelinkd.state.histogram import OF_A_FETCH, OF_PARSING, counted, empty
from xelinkd.state.history import History
from xelinkd.state.told import (
    Configuration,
    Fetching,
    Keeping,
    Process,
    Setting,
    State,
    Supervision,
    Timing,
    UnitState,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW: Final = Instant(boot=10_000.0, wall=1_800_000_000.0)

SUPERVISION: Final = Supervision(
    version="0.1.0",
    started_at=4_000.0,
    processes=(
        Process("supervisor", 100, 4_000.0),
        Process("fetcher", 101, 4_000.0),
        Process("writer", 102, 4_000.0),
        Process("watcher", 103, 4_000.0),
    ),
    units=(
        UnitState("pipeline", "running", 0, is_failing=False),
        UnitState("watcher", "running", 0, is_failing=False),
    ),
    ended=(),
    configuration=Configuration(
        path="/etc/xelinkd/xelinkd.toml",
        digest="ab" * 32,
        settings=(
            Setting("source.interval", '"10s"', "default"),
            Setting("labels.min_lanes", "8", "file"),
        ),
        applied_at=4_000.0,
    ),
    timing=Timing(10.0, 5.0, 86_400.0, 30.0, 30.0),
    sink="feature-file",
    place="/etc/kubernetes/node-feature-discovery/features.d/xpum-sidecar-labels.txt",
    source="http://127.0.0.1:29999/metrics",
    landlock_abi=6,
    lacking=(),
)

FETCHING: Final = Fetching(
    known=599,
    fetch_seconds=counted(empty(OF_A_FETCH), OF_A_FETCH, 0.004),
    parse_seconds=counted(empty(OF_PARSING), OF_PARSING, 0.002),
    page_bytes=555_000,
    began_at=9_995.0,
    ended_at=9_995.004,
    asks_at=10_005.0,
)


def topology(pairs: Iterable[tuple[int, int]], lanes: int = 8, devices: int = 3) -> Topology:
    """Give devices of two tiles each; each pair of devices is joined from tile 0 to tile 1 and back."""
    tiles = tuple(Tile(device, tile) for device in range(devices) for tile in range(2))
    sightings = tuple(
        Sighting(Tile(a, one), Tile(b, other), lanes, on_subdevice=True)
        for first, second in pairs
        for one, other in ((0, 1), (1, 0))
        for a, b in ((first, second), (second, first))
    )
    return Topology(tiles, sightings)


LINKED: Final = topology([(0, 1), (0, 2), (1, 2)])

KEEPING: Final = Keeping(
    known_at=9_995.0,
    lines=("gpu.intel.com/xe-links=0.0-1.1_0.1-1.0_0.0-2.1_0.1-2.0_1.0-2.1_1.1-2.0",),
    end=96_395.0,
    writes=1,
    written_at=4_000.5,
    took_at=9_995.0,
)

GOOD: Final = State(
    now=NOW,
    turned_at=9_999.0,
    supervision=SUPERVISION,
    fetching=FETCHING,
    keeping=KEEPING,
    history=History(LINKED),
)

__all__ = ["FETCHING", "GOOD", "KEEPING", "LINKED", "NOW", "SUPERVISION", "changed", "replace", "topology"]
