"""From XPU Manager's page to rows: reads one metric family of the Prometheus text format, and only that.

The lines of a page look alike: their shape is compiled to one expression, once.
Rules: Prometheus text format 0.0.4, as its Go parser (expfmt 0.60) applies them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from xelinkd.model.topology import DEV_FILE, PCI_BDF, Card, Row, Tile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

FAMILY: Final = b"xpum_topology_link"

_NAME_CHARACTERS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:")
_NOTHING: Final = re.compile(rb'[^a-zA-Z0-9_:#"{]*+')  # before a name: no other, no comment
_LINE: Final = re.compile(
    rb"[ \t]*+" + FAMILY + rb"[ \t]*+"
    rb'(?:\{((?:[^"}\n]|"(?:[^"\\\n]|\\.)*+")*+)\})?+[ \t]*+'
    rb"([^ \t\n]++)(?:[ \t]++([^ \t\n]++))?+[ \t]*+",
)
_LABEL: Final = re.compile(
    rb'[ \t]*+([a-zA-Z_][a-zA-Z0-9_]*+)[ \t]*+=[ \t]*+"((?:[^"\\\n]|\\[\\"n])*+)"[ \t]*+(?:,[ \t]*+|\Z)',
)
_FLOAT: Final = re.compile(
    rb"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?|[+-]?inf(?:inity)?|nan",
    re.IGNORECASE,
)
_INTEGER: Final = re.compile(rb"[+-]?[0-9]{1,18}")

# The labels that are read, and the fields they fill. Older XPU Managers wrote lan_count.
_INTEGER_LABELS: Final = {
    b"local_device_id": "local_device",
    b"local_subdevice_id": "local_subdevice",
    b"remote_device_id": "remote_device",
    b"remote_subdevice_id": "remote_subdevice",
    b"lane_count": "lanes",
    b"lan_count": "lanes",
}
_INTEGER_FIELDS: Final = ("local_device", "local_subdevice", "remote_device", "remote_subdevice", "lanes")
_ON_SUBDEVICE: Final = b"local_on_subdevice"
_DEV_FILE: Final = b"dev_file"
_PCI_BDF: Final = b"pci_bdf"
# Read as they stand, and needed by no label: a line may lack those of the card.
_TEXT_LABELS: Final = {_ON_SUBDEVICE: b"on_subdevice", _DEV_FILE: b"dev_file", _PCI_BDF: b"pci_bdf"}
_TEXT_FIELDS: Final = ("on_subdevice", "dev_file", "pci_bdf")
_DEV_FILES: Final = re.compile(DEV_FILE.encode())
_PCI_BDFS: Final = re.compile(PCI_BDF.encode())
_MAX_LABELS: Final = 64  # of a line; XPU Manager writes 16 to 19, and a million would take gigabytes
MAX_ODD_LINES: Final = 4096  # that are read the slow way, in 0.3 s; XPU Manager's pages have two or three
_MAX_SHAPES: Final = (
    4  # pods that hold some GPUs give a page two or three; a hostile page could ask for thousands
)


class MalformedLineError(ValueError):
    """A line of the family is not what the exposition format allows; `line` counts from 1."""

    def __init__(self, line: int, text: bytes, problem: str) -> None:
        """Tell where and what."""
        shown = text[:120].decode("ascii", "backslashreplace")
        self.line = line
        self.problem = f"{problem}: {shown!r}"
        super().__init__(f"line {line}: {self.problem}")


def read_rows(block: bytes) -> tuple[Row, ...]:
    """Read sample lines of the family, with line feeds between them, to rows, in their order.

    Rows that do not name both tiles and a lane count as integers >= 0 are passed over,
    as the Go program does.

    Raises:
        MalformedLineError: a line is malformed.

    """
    if not block:
        return ()
    plain = _read_plain_block(block)
    return _read_lines(block.split(b"\n")) if plain is None else plain


def _read_lines(lines: Iterable[bytes]) -> tuple[Row, ...]:
    rows: list[Row] = []
    shapes: list[Shape] = []
    odd = 0
    for number, line in enumerate(lines, 1):
        row = _read_plain_line(shapes, line)
        if row is None:
            odd += 1
            if odd > MAX_ODD_LINES:
                raise MalformedLineError(number, line, f"one of more than {MAX_ODD_LINES} spelled oddly")
            labels, connection = _read_any_line(line, number)
            row = _row_of_labels(labels, connection)
            _learn_shape(shapes, tuple(labels))
        if row is not None:
            rows.append(row)
    return tuple(rows)


def family_lines(page: bytes, at: int = 0, stop: int | None = None) -> Iterator[tuple[int, int]]:
    """Find the family's sample lines: where each begins, and where its line feed is or the page ends.

    A line with a NUL or the like before the family's name is one, too: a malformed one.

    `at` is where to begin: at a line's first byte, or at the line feed before it; `stop`: where to end.
    """
    stop = len(page) if stop is None else stop
    while (found := page.find(FAMILY, at, stop)) >= 0:
        start = max(page.rfind(b"\n", at, found) + 1, at)
        end = page.find(b"\n", found, stop)
        end = stop if end < 0 else end
        after = found + len(FAMILY)
        is_named = after == end or page[after] not in _NAME_CHARACTERS
        if is_named and _NOTHING.fullmatch(page, start, found):
            yield start, end
        at = end + 1


# The quick way: plain lines, by a shape learned from a line that was read the slow way.


class Shape(NamedTuple):
    """A plain line as an expression, and what puts its groups in order: see `_plain_rows`."""

    pattern: re.Pattern[bytes]
    in_order: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]


def _learn_shape(shapes: list[Shape], names: tuple[bytes, ...]) -> None:
    if len(shapes) < _MAX_SHAPES and (shape := _shape(names)) and shape not in shapes:
        shapes.append(shape)


@lru_cache(maxsize=16)
def _shape(names: tuple[bytes, ...]) -> Shape | None:
    """Compile the expression of plain lines with these labels: ASCII, no escapes, no spare blanks.

    None for labels that do not give each field once: such lines are left to the slow way.
    """
    fields = sorted(_INTEGER_LABELS[name] for name in names if name in _INTEGER_LABELS)
    if fields != sorted(_INTEGER_FIELDS) or _ON_SUBDEVICE not in names or len(names) > _MAX_LABELS:
        return None
    labels = rb",".join(name + rb'="' + _shape_of_value(name) + rb'"' for name in names)
    lacking = b"".join(rb"(?P<%b>)" % field for name, field in _TEXT_LABELS.items() if name not in names)
    line = FAMILY + lacking + rb"\{" + labels + rb"\} (?P<connection>[0-9]\.?[0-9]*+)"
    pattern = re.compile(b"^" + line + b"$", re.MULTILINE)
    number = pattern.groupindex
    order = (number[field] - 1 for field in (*_INTEGER_FIELDS, "connection", *_TEXT_FIELDS))
    return Shape(pattern, itemgetter(*order))


def _shape_of_value(name: bytes) -> bytes:
    if name in _INTEGER_LABELS:
        return rb"(?P<%b>[0-9]{1,18}+)" % _INTEGER_LABELS[name].encode()
    plain = rb'[^"\\\n\x80-\xff]*+'
    return rb"(?P<%b>%b)" % (_TEXT_LABELS[name], plain) if name in _TEXT_LABELS else plain


def _read_plain_block(block: bytes) -> tuple[Row, ...] | None:
    """Read lines that all are plain, and of one shape, as those of most pages; None if they are not."""
    try:
        labels, _ = _read_line(block.partition(b"\n")[0])
    except ValueError:
        return None
    shape = _shape(tuple(labels))
    found = shape.pattern.findall(block) if shape else []
    if not shape or len(found) <= block.count(b"\n"):
        return None
    return tuple(_plain_rows(map(shape.in_order, found)))


def _read_plain_line(shapes: list[Shape], line: bytes) -> Row | None:
    for shape in shapes:
        if match := shape.pattern.fullmatch(line):
            return next(_plain_rows([shape.in_order(match.groups())]))
    return None


def _plain_rows(lines: Iterable[tuple[bytes, ...]]) -> Iterator[Row]:
    """Make rows of the fields of plain lines; in one loop, for a call for each would take as long again."""
    for device, subdevice, to_device, to_subdevice, lanes, connection, on_subdevice, file, address in lines:
        yield Row(
            _tile(device, subdevice),
            _tile(to_device, to_subdevice),
            float(connection),
            int(lanes),
            on_subdevice == b"true",
            _card(device, file, address),
        )


@lru_cache(maxsize=256)  # a page names each tile hundreds of times
def _tile(device: bytes, subdevice: bytes) -> Tile:
    return Tile(int(device), int(subdevice))


@lru_cache(maxsize=256)  # the same on all lines of a GPU
def _card(device: bytes | int, dev_file: bytes, pci_bdf: bytes) -> Card | None:
    """Give the card, if both its names are as Linux gives them."""
    if _DEV_FILES.match(dev_file) and _PCI_BDFS.match(pci_bdf):
        return Card(int(device), dev_file.decode(), pci_bdf.decode())
    return None


# The slow way: whatever the exposition format allows.


def _read_any_line(line: bytes, number: int) -> tuple[dict[bytes, bytes], float]:
    try:
        return _read_line(line)
    except ValueError as error:
        raise MalformedLineError(number, line, str(error)) from None


def _read_line(line: bytes) -> tuple[dict[bytes, bytes], float]:
    line.decode()  # label values are UTF-8; its error is a ValueError too
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError("not a sample line")
    labels, value, time_stamp = match.groups()
    if not _FLOAT.fullmatch(value):
        raise ValueError("the value is not a number")
    if time_stamp is not None and not _INTEGER.fullmatch(time_stamp):
        raise ValueError("the time stamp is not an integer")
    return _read_labels(labels or b""), float(value)


def _read_labels(text: bytes) -> dict[bytes, bytes]:
    labels: dict[bytes, bytes] = {}
    at = len(text) - len(text.lstrip(b" \t"))
    while at < len(text):
        match = _LABEL.match(text, at)
        if match is None:
            raise ValueError("a label is malformed")
        if match[1] in labels:
            raise ValueError("a label stands twice")
        if len(labels) == _MAX_LABELS:
            raise ValueError(f"more than {_MAX_LABELS} labels")
        labels[match[1]] = match[2]
        at = match.end()
    return labels


def _row_of_labels(labels: dict[bytes, bytes], connection: float) -> Row | None:
    """Make a row; None where a tile or the lane count is not given as integers >= 0."""
    fields = {
        _INTEGER_LABELS[name]: int(value)
        for name, value in labels.items()
        if name in _INTEGER_LABELS and _INTEGER.fullmatch(value)
    }
    device, subdevice, remote_device, remote_subdevice, lanes = (fields.get(f, -1) for f in _INTEGER_FIELDS)
    if min(device, subdevice, remote_device, remote_subdevice, lanes) < 0:
        return None
    return Row(
        Tile(device, subdevice),
        Tile(remote_device, remote_subdevice),
        connection,
        lanes,
        labels.get(_ON_SUBDEVICE, b"true") == b"true",  # as the Go program: absent is not "false"
        _card(device, labels.get(_DEV_FILE, b""), labels.get(_PCI_BDF, b"")),
    )


# What XPU Manager 1.3 writes where no pod holds the GPU: compiled before the fork, not in each worker.
_USUAL: Final = (
    b"dev_file,dev_name,lane_count,local_cpu_affinity,local_device_id,local_numa_index,local_on_subdevice,"
    b"local_subdevice_id,node,pci_bdf,pci_dev,remote_device_id,remote_subdevice_id,src,uuid,vendor"
)
_shape(tuple(_USUAL.split(b",")))
