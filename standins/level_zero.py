"""A stand-in for Level Zero, and for what the kernel shows of the same machine: see ze_loader.c."""

from __future__ import annotations

import atexit
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Final

from xelinkd.sources.level_zero.source import LIBRARY, LevelZero

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xelinkd.simulator.machine import Link, Machine

SOURCE: Final = Path(__file__).with_name("ze_loader.c")
GPU: Final = 1  # ze_device_type_t
LANES_OF_A_PORT: Final = 4
HEALTHY, DEGRADED, FAILED, DISABLED = 1, 2, 3, 4


def build(library: Path, *flags: str) -> Path:
    """Compile the library to a file, and give that.

    Raises:
        OSError: there is no C compiler, or it did not do it.

    """
    if not shutil.which("cc"):
        raise OSError("there is no C compiler (cc) for the stand-in: apt-get install gcc libc6-dev")
    command = ["cc", "-shared", "-fPIC", "-O1", *flags, "-o", str(library), str(SOURCE), "-ldl"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  our own words
    if done.returncode:
        raise OSError(f"the C compiler says: {done.stderr}")
    return library


@cache
def built(*flags: str) -> Path:
    """Give the library, compiled once in a run, without a warning."""
    folder = Path(mkdtemp(prefix="xelinkd-ze-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return build(folder / LIBRARY, "-Wall", "-Wextra", "-Werror", *flags)


@dataclass
class Node:
    """A node with Level Zero: a folder with the library and its state, and a `sys` like the kernel's."""

    folder: Path
    machine: Machine
    loader: Path = field(default_factory=built)

    def __post_init__(self) -> None:
        """Make it all."""
        self.folder.mkdir(exist_ok=True)
        shutil.copy(self.loader, self.library)
        self.tell(self.machine)
        for gpu in range(self.machine.gpus):
            self.show_gpu(gpu)

    @property
    def library(self) -> Path:
        """Where the library is."""
        return self.folder / LIBRARY

    @property
    def sysfs(self) -> Path:
        """Where the kernel's view is."""
        return self.folder / "sys"

    @property
    def env(self) -> Mapping[str, str]:
        """Give what a program needs to find the library by its name."""
        return {"LD_LIBRARY_PATH": str(self.folder)}

    def source(self, deadline_seconds: float = 20.0) -> LevelZero:
        """Give a source that asks here."""
        return LevelZero(deadline_seconds, str(self.library), self.sysfs)

    def tell(self, machine: Machine, *faults: str, **how: int) -> None:
        """Let Level Zero show this machine from the next zesInit on, and fail so."""
        self.write([*state_of(machine, **how), *(f"fault {fault}" for fault in faults)])

    def write(self, lines: list[str]) -> None:
        """Replace the state in one go."""
        new = self.folder / "state.new"
        new.write_text("\n".join(lines) + "\n")
        new.rename(self.folder / "state")

    def show_gpu(self, gpu: int, *, fabric: bool = True) -> Path:
        """Let the kernel show a GPU."""
        device, drm = self.sysfs / "devices/pci" / address_of(gpu), self.sysfs / "class/drm"
        device.mkdir(parents=True)
        for name in (f"card{gpu + 1}", f"renderD{128 + gpu}"):
            (drm / name).mkdir(parents=True)
            (drm / name / "device").symlink_to(device)
        (device / "vendor").write_text("0x8086\n")
        (device / "numa_node").write_text(f"{self.machine.numa_node(gpu)}\n")
        if fabric:
            (device / f"i915.iaf.{gpu}").mkdir()
            (device / f"i915.iaf.{gpu}" / "iaf_fabric_id").write_text(f"{fabric_id(gpu):#x}\n")
        return device


def address_of(gpu: int) -> str:
    """Give a GPU's PCI address, which grows with its number."""
    return "{:04x}:{:02x}:{:02x}.{:x}".format(*_bus(gpu))


def _bus(gpu: int) -> tuple[int, int, int, int]:
    domain, bus = divmod(0x18 + 0x11 * gpu, 0x100)  # as on the simulator's page
    return domain, bus, 0, 0


def fabric_id(gpu: int) -> int:
    """Give what the fabric calls a GPU: nothing that its order could be read from."""
    return 0x1000 - 7 * gpu


def state_of(machine: Machine, status_of_down: int = FAILED, reverse: int = 0) -> list[str]:
    """Describe a machine port by port, as Level Zero shows it; its GPUs in their order, or reversed.

    Each link has as many ports as it takes for its lanes; each GPU has a port that goes nowhere besides.
    """
    ports = dict(_ports(machine, status_of_down))
    gpus = range(machine.gpus)
    lines = []
    for gpu in reversed(gpus) if reverse else gpus:
        subdevices = machine.tiles_per_gpu if machine.tiles_per_gpu > 1 else 0
        lines.append(f"gpu {' '.join(map(str, _bus(gpu)))} {GPU} {subdevices}")
        lines += ports[gpu]
    return lines


def _ports(machine: Machine, status_of_down: int) -> Iterator[tuple[int, list[str]]]:
    names = _names(machine)
    on_subdevice = int(machine.tiles_per_gpu > 1)
    for gpu in range(machine.gpus):
        lines = [f"port {fabric_id(gpu)} 0 255 {on_subdevice} 0 1 {FAILED} -1 -1 0 0 0"]
        for (link, part), ends in names.items():
            for (own, id_), (_, remote) in (ends, ends[::-1]):
                if own[0] == gpu:
                    width = min(LANES_OF_A_PORT, machine.lanes - part * LANES_OF_A_PORT)
                    status = status_of_down if link in machine.down else HEALTHY
                    sees = remote if status in {HEALTHY, DEGRADED} else (0, 0, 0)
                    words = (*id_, on_subdevice, own[1], 1, status, width, width, *sees)
                    lines.append(f"port {' '.join(map(str, words))}")
        yield gpu, lines


_End = tuple[tuple[int, int], tuple[int, int, int]]


def _names(machine: Machine) -> dict[tuple[Link, int], tuple[_End, _End]]:
    """Give both ends of each pair of ports: the tile, and the port's three numbers."""
    used: dict[tuple[int, int], int] = defaultdict(int)
    names = {}
    for link in sorted(machine.links):
        for part in range(-(-machine.lanes // LANES_OF_A_PORT)):
            ends = []
            for tile in link:
                used[tile] += 1
                ends.append(
                    ((tile.device, tile.subdevice), (fabric_id(tile.device), tile.subdevice, used[tile]))
                )
            names[link, part] = (ends[0], ends[1])
    return names
