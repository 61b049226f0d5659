"""Pages that XPU Manager 1.3 wrote, and what can be made of one. Pure, but for reading them."""

from __future__ import annotations

import gzip
import re
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY: Final = Path(__file__).parents[1]
FOLDER: Final = REPOSITORY / "tests/data/xpum-1.3"
NODE: Final = "max1550-8x2-mesh"  # 8 GPUs of 2 tiles, 553,663 bytes: the one that the budgets are about

_FAMILY: Final = b"xpum_topology_link"
_XELINK: Final = b" 1.0"
_ACROSS_SOCKETS: Final = b" 3.0"


def recorded(name: str) -> bytes:
    """Give a page as it was recorded."""
    return gzip.decompress((FOLDER / f"{name}.prom.gz").read_bytes())


def recorded_names() -> list[str]:
    """Name the recorded pages that tell a topology."""
    names = (path.name.removesuffix(".prom.gz") for path in FOLDER.glob("*.prom.gz"))
    return sorted(name for name in names if "error" not in name)


def without_link(page: bytes) -> bytes:
    """Take the link between the first tiles of GPU 0 and GPU 1 from a page."""
    return b"\n".join(
        line.removesuffix(_XELINK) + _ACROSS_SOCKETS
        if _joins(line, b"0", b"1") or _joins(line, b"1", b"0")
        else line
        for line in page.split(b"\n")
    )


def grown(page: bytes, size: int) -> bytes:
    """Add lines of other metrics to a page, until it has nearly so many bytes."""
    return b"\n".join((page, *_filling(page, size - len(page))))


def _filling(page: bytes, room: int) -> Iterator[bytes]:
    others = [line for line in page.split(b"\n") if line and not line.startswith((b"#", _FAMILY))]
    for line in cycle(others):
        room -= len(line) + 1
        if room < 0:
            return
        yield line


def _joins(line: bytes, local: bytes, remote: bytes) -> bool:
    """Tell whether a line is about the first tiles of these two GPUs."""
    ends = (
        rb'.*,local_device_id="%b",.*local_subdevice_id="0",.*remote_device_id="%b",remote_subdevice_id="0",'
    )
    return line.startswith(_FAMILY) and bool(re.match(ends % (local, remote), line))
