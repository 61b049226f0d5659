"""What the kernel shows of Intel's GPUs: what Level Zero has to show, too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_INTEL: Final = "0x8086"
_CARD: Final = re.compile(r"card[0-9]{1,4}")
_FABRIC: Final = re.compile(r"(i915\.)?iaf\.[0-9]+")
_NUMBER: Final = re.compile(r"-?[0-9]{1,6}")


class PciGpu(NamedTuple):
    """A GPU: its file in /dev/dri, its NUMA node, whether it has a fabric."""

    dev_file: str
    numa_node: int | None
    has_fabric: bool


def shown_gpus(sysfs: Path) -> Mapping[str, PciGpu]:
    """Give Intel's GPUs that have a driver, by their PCI address (`0000:4d:00.0`)."""
    cards = [card for card in _entries(sysfs / "class/drm") if _CARD.fullmatch(card.name)]
    devices = {card.name: (card / "device").resolve() for card in cards}
    return {
        device.name: _gpu(card, device)
        for card, device in devices.items()
        if _read(device / "vendor") == _INTEL
    }


def _gpu(dev_file: str, device: Path) -> PciGpu:
    node = _read(device / "numa_node")
    fabrics = (entry for entry in _entries(device) if _FABRIC.fullmatch(entry.name))
    has_fabric = any((fabric / "iaf_fabric_id").exists() for fabric in fabrics)
    return PciGpu(dev_file, int(node) if _NUMBER.fullmatch(node) else None, has_fabric)


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError:
        return


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""
