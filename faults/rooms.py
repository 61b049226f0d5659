"""All faults, room by room. A new room of faults is a module with FAULTS, and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from faults import clock, configuration, disk, processes, source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faults.fault import Fault
    from faults.ordeal import Ordeal

ROOMS: Final[Mapping[str, Sequence[Fault | Ordeal]]] = {
    "source": source.FAULTS,
    "processes": processes.FAULTS,
    "disk": disk.FAULTS,
    "clock": clock.FAULTS,
    "configuration": configuration.FAULTS,
}
FAULTS: Final[Mapping[str, Fault | Ordeal]] = {
    fault.name: fault for faults in ROOMS.values() for fault in faults
}
