"""One reading: what Level Zero shows, held against what the kernel shows. Runs in the short-lived process.

Level Zero shows fewer GPUs, or GPUs without ports, where something is missing on the way to them, and calls
that a success. So what the kernel has, Level Zero must have, too; else the topology is unknown.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from xelinkd.model.fabric import Fabric, encode
from xelinkd.model.observation import Unknown
from xelinkd.model.printable import printable
from xelinkd.model.unknown import Reason
from xelinkd.model.words import count, listed
from xelinkd.sources.level_zero.netlink import Family, family
from xelinkd.sources.level_zero.sysfs import shown_gpus
from xelinkd.sources.level_zero.sysman import UNINITIALIZED, SysmanError, read_gpus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xelinkd.model.fabric import Gpu
    from xelinkd.sources.level_zero.sysfs import PciGpu

DEVICES: Final = Path("/dev/dri")
_MAX_SHOWN: Final = 300  # characters
_MOST_NAMED: Final = 4


def read(library: str, sysfs: Path) -> bytes:
    """Give the message with all ports, or with the reason why they are not known."""
    try:
        return encode(_read(library, sysfs))
    except Exception as error:  # noqa: BLE001  whatever it is: this process has no other voice
        return encode(Unknown(Reason.DRIVER_ERROR, printable(repr(error)[:_MAX_SHOWN])))


def _read(library: str, sysfs: Path) -> Fabric | Unknown:
    surroundings = Surroundings(shown_gpus(sysfs))
    try:
        gpus = tuple(read_gpus(library))
    except SysmanError as error:
        if error.result == UNINITIALIZED:
            return surroundings.without_gpus(str(error))
        return Unknown(error.reason, printable(str(error)[:_MAX_SHOWN]))
    return surroundings.doubt(gpus) or Fabric(tuple(map(surroundings.located, gpus)))


class Surroundings(Struct, frozen=True):
    """What is there beside Level Zero: the kernel's GPUs, by address; and what can be used of them."""

    shown: Mapping[str, PciGpu]

    def located(self, gpu: Gpu) -> Gpu:
        """Say where a GPU is, as far as the kernel tells."""
        if found := self.shown.get(gpu.address):
            return msgspec.structs.replace(gpu, dev_file=found.dev_file, numa_node=found.numa_node)
        return gpu

    def doubt(self, gpus: Sequence[Gpu]) -> Unknown | None:
        """Say why what Level Zero shows may not be all that there is."""
        if not gpus:
            return self.without_gpus("Level Zero shows no GPU")
        fabrics = {address for address, gpu in self.shown.items() if gpu.has_fabric}
        if missing := sorted(fabrics - {gpu.address for gpu in gpus}):
            found = f"Level Zero shows {count(len(gpus), 'GPU')}, and not {listed(missing, _MOST_NAMED)}"
            return Unknown(Reason.NO_RIGHTS, f"{found}, which {'have' if missing[1:] else 'has'} a fabric")
        portless = sorted(gpu.address for gpu in gpus if not gpu.ports)
        if hidden := [address for address in portless if address in fabrics or address not in self.shown]:
            return _without_ports(hidden, fabrics)
        return None

    def without_gpus(self, told: str) -> Unknown:
        """Say why Level Zero shows no GPU."""
        if not self.shown:
            return Unknown(Reason.NO_GPU, f"{told}, and neither does the kernel")
        has = f"the kernel has {count(len(self.shown), 'GPU')} of Intel's"
        if shut := _shut_devices():
            return Unknown(Reason.NO_RIGHTS, f"{told}; {has}, but {shut}")
        return Unknown(Reason.NO_LIBRARY, f"{told}; {has}: is the GPUs' driver for Level Zero installed?")


def _shut_devices() -> str | None:
    """Say what keeps us from the device nodes."""
    nodes = sorted(DEVICES.glob("renderD*"))
    if not nodes:
        return f"{DEVICES} has no device node"
    shut = [node.name for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    return f"this user may not open {listed(shut, _MOST_NAMED)} in {DEVICES}" if shut else None


def _without_ports(hidden: Sequence[str], fabrics: set[str]) -> Unknown:
    of = listed(hidden, _MOST_NAMED)
    if not fabrics.intersection(hidden):
        return Unknown(Reason.NO_PORTS, f"no port of {of}, and /sys does not tell whether there is a fabric")
    told = f"Level Zero shows no port of {of}, where the kernel has a fabric"
    match family():
        case Family.MISSING:
            return Unknown(Reason.NETWORK_NAMESPACE, f"{told}: its driver does not speak in this network")
        case Family.REFUSED:
            return Unknown(Reason.NO_RIGHTS, f"{told}: netlink, by which its driver speaks, is refused here")
        case Family.THERE:
            return Unknown(Reason.NO_PORTS, f"{told}: is libnl-genl-3 installed, and the driver's log clean?")
