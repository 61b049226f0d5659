"""Pages that no healthy XPU Manager sends: made of a healthy one, or made up. Pure.

Where a page is broken at one place, `number` chooses the place: two that come one after the other differ.
Tile n is sub-device n % 2 of device n // 2.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Final

from xelinkd.simulator.page import TOPOLOGY

FAMILY: Final = TOPOLOGY.encode()
HTML: Final = b"<!DOCTYPE html>\n<html><body><h1>It works!</h1></body></html>\n"
JSON: Final = b'{"Status": "ok", "xpum_topology_link": []}\n'
LINE_START: Final = FAMILY + b'{local_device_id="'
XPU_MANAGER_2: Final = b'# TYPE hw_gpu_utilization gauge\nhw_gpu_utilization{hw_id="0"} 0.25\n'

_ROW: Final = re.compile(b"^" + FAMILY + b"{.*$", re.MULTILINE)
_VALUE: Final = re.compile(b"^(" + FAMILY + b"{.* )[^ ]+$", re.MULTILINE)
_ANY_DEVICE: Final = re.compile(rb'device_id="[0-9]+"')


def without_family(page: bytes) -> bytes:
    """Leave out the topology, as XPU Manager does when it cannot read it."""
    return b"\n".join(line for line in page.split(b"\n") if FAMILY not in line)


def without_samples(page: bytes) -> bytes:
    """Leave the topology's comments, without its samples."""
    return b"\n".join(line for line in page.split(b"\n") if not line.startswith(FAMILY))


def cut_in_line(page: bytes, number: int) -> bytes:
    """Cut the page in the middle of a line of the topology."""
    start, end = _line(page, number)
    return page[: (start + end) // 2]


def cut_between_lines(page: bytes, number: int) -> bytes:
    """Cut the page at the end of a line of the topology, which is not its last."""
    _, end = _line(page, number)
    return page[: end + 1]


def first_row(page: bytes) -> bytes:
    """Cut the page where one tile has told of itself."""
    first = _ROW.search(page)
    return page[: first.end() + 1] if first else page


def with_line(page: bytes, number: int, old: bytes, new: bytes) -> bytes:
    """Replace something in one line of the topology."""
    start, end = _line(page, number)
    return page[:start] + page[start:end].replace(old, new) + page[end:]


def with_hole(page: bytes, number: int) -> bytes:
    """Fill a block of the topology with NUL, as a file system does after a power loss."""
    start, _ = _line(page, number)
    return page[: start + 30] + bytes(4096) + page[start + 30 + 4096 :]


def without_ids(page: bytes) -> bytes:
    """Name no device: -1 is XPU Manager's word for what it does not know."""
    return _ANY_DEVICE.sub(b'device_id="-1"', page)


def without_ids_in_a_line(page: bytes, number: int) -> bytes:
    """Name no device in one line."""
    start, end = _line(page, number)
    return page[:start] + _ANY_DEVICE.sub(b'device_id="-1"', page[start:end]) + page[end:]


def without_id_of_a_device(page: bytes, number: int) -> bytes:
    """Never name one device; what is left is a full square of all others."""
    return page.replace(b'device_id="%d"' % (number % 8), b'device_id="-1"')


def without_connections(page: bytes) -> bytes:
    """Know nothing of any two tiles: -1 is the word for that."""
    return _VALUE.sub(b"\\1-1.0", page)


def single_links(count: int) -> bytes:
    """Give a page of so many links, each of tiles that have no other."""
    return b"".join(_row((2 * number, 2 * number + 1)) for number in range(count))


def mesh(tiles: int) -> bytes:
    """Give a page that is a full square of so many tiles, each linked with all others."""
    pairs = product(range(tiles), repeat=2)
    return b"".join(_row((local, remote), b"%d" % (local != remote)) for local, remote in pairs)


def telemetry(size: int) -> bytes:
    """Give about so many bytes of other metrics."""
    line = b'xpum_power_watts{dev_name="Intel(R) Data Center GPU Max 1550",sub_dev="0"} 118.5\n'
    return line * (size // len(line))


def many_labels(count: int) -> bytes:
    """Give a line of the topology that has so many labels."""
    labels = b",".join(b'a%d="0"' % number for number in range(count))
    return FAMILY + b"{" + labels + b"} 1\n"


def many_shapes(count: int) -> bytes:
    """Give so many lines of the topology, each with a label that no other has; the last one is broken."""
    return b"".join(_row((n % 9, n % 7)).replace(b"{", b'{a%d="0",' % n) for n in range(count)) + LINE_START


def _line(page: bytes, number: int) -> tuple[int, int]:
    """Find a line of the topology, neither its first nor its last; another one for the next number."""
    lines = [row.span() for row in _ROW.finditer(page)]
    return lines[1 + 37 * number % (len(lines) - 2)]


def _row(pair: tuple[int, int], value: bytes = b"1") -> bytes:
    (device, tile), (remote_device, remote_tile) = (divmod(end, 2) for end in pair)
    return (
        b'xpum_topology_link{lane_count="4",local_device_id="%d",local_on_subdevice="true",'
        b'local_subdevice_id="%d",remote_device_id="%d",remote_subdevice_id="%d"} %b\n'
        % (device, tile, remote_device, remote_tile, value)
    )
