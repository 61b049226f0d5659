"""All faults, room by room. A new room of faults is a module with FAULTS, and a line here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from faults import api_server, clock, configuration, disk, level_zero, processes, rest, source
from faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faults.ordeal import Ordeal

ROOMS: Final[Mapping[str, Sequence[Fault | Ordeal]]] = {
    "source": source.FAULTS,
    "rest": rest.FAULTS,
    "level-zero": level_zero.FAULTS,
    "processes": processes.FAULTS,
    "disk": disk.FAULTS,
    "clock": clock.FAULTS,
    "configuration": configuration.FAULTS,
    "api-server": api_server.FAULTS,
}
FAULTS: Final[Mapping[str, Fault | Ordeal]] = {
    fault.name: fault for faults in ROOMS.values() for fault in faults
}
SHORT: Final[Sequence[Fault | Ordeal]] = [
    replace(fault, fetches=3) if isinstance(fault, Fault) else fault
    for name in (
        "refused",
        "body dripped",
        "503 with a good-looking body",
        "cut between two lines without length",
        "certificate expired",
        "fetcher: SIGKILL, its working directory is gone",
        "file deleted",
        "a FIFO in its place",
        "power lost",
        "clock set a day ahead",
        "half a file, in place",
    )
    for fault in (FAULTS[name],)
]
"""A few, of different kinds, and each for a short time."""
