"""The text of Node Feature Discovery's feature file: ours to write, ours (or the Go program's) to read back.

Contract read from NFD 0.19 (source/local) and its guide: one `key=value` a line; `# +expiry-time=` holds for
the lines after it, and NFD drops them once it is past.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.model.labels import LABEL_NAME, join_value, link_lines, pairs_of, split_value
from xelinkd.model.summary import ALL_LINKED, COUNT, LARGEST_GROUP, MIN_LANES

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SIZE: Final = 65_536  # bytes; NFD ignores a larger file whole

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_EXPIRY: Final = re.compile(rf"#\s*\+expiry-time=({_TIME.pattern})")
_LABEL: Final = re.compile(
    rf"(?P<namespace>[a-z0-9](?:[-.a-z0-9]{{0,251}}[a-z0-9])?)/{LABEL_NAME}(?P<number>[1-9]\d*)?=(?P<value>[-._0-9Z]*)",
)
_NUMBER: Final = r"(?:0|[1-9]\d{0,19})"  # as large as what comes through the pipe
_SUMMARY: Final = re.compile(
    rf"{COUNT}=(?P<count>\d+) (?:{MIN_LANES}={_NUMBER} )?"
    rf"(?:{LARGEST_GROUP}={_NUMBER} )?{ALL_LINKED}=(?:true|false)"
)
_PAIRS: Final = re.compile(r"(?:\d+\.\d+-\d+\.\d+(?:_\d+\.\d+-\d+\.\d+)*)?")


class FeatureFile(Struct, frozen=True):
    """Label lines, and when they expire (Unix time; None: never, as the Go program writes)."""

    lines: tuple[str, ...]
    expiry: int | None


class TooLargeError(ValueError):
    """The labels do not fit into a file that NFD reads."""


def render(file: FeatureFile) -> bytes:
    """Give the file's content.

    Raises:
        TooLargeError: it would be larger than NFD takes.

    """
    head = () if file.expiry is None else (f"# +expiry-time={time_stamp(file.expiry)}",)
    content = "".join(f"{line}\n" for line in (*head, *file.lines)).encode()
    if len(content) > MAX_SIZE:
        raise TooLargeError(
            f"the labels take {len(content)} bytes, and NFD ignores a feature file of more than {MAX_SIZE}: "
            f"raise labels.min_lanes to write fewer links",
        )
    return content


def read(content: bytes) -> FeatureFile | None:
    """Read a file that this program or the Go program wrote; None for anything else."""
    try:
        lines = [line.strip() for line in content.decode("ascii").splitlines()]
    except UnicodeDecodeError:
        return None
    expiry = None
    if lines and (stamp := _EXPIRY.fullmatch(lines[0])):
        expiry = seconds_of(stamp[1])
        if expiry is None:
            return None
        del lines[0]
    return FeatureFile(tuple(lines), expiry) if are_ours(lines) else None


def time_stamp(seconds: float) -> str:
    """Give a second of Unix time as RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(stamp: str) -> int | None:
    """Give the Unix time of an RFC 3339 stamp; None if it is none."""
    if not _TIME.fullmatch(stamp):
        return None
    try:
        return int(datetime.fromisoformat(stamp).timestamp())
    except ValueError:
        return None


def are_ours(lines: Sequence[str]) -> bool:
    """Tell whether the lines are parts 1, 2, 3... of one list of links, and its summary, in one namespace."""
    links = link_lines(lines)
    rest = lines[len(links) :]
    return _are_links(links) and (not rest or _are_summary(rest, links))


def _are_summary(lines: Sequence[str], links: Sequence[str]) -> bool:
    namespace = links[0].partition("/")[0] + "/"
    text = " ".join(line.removeprefix(namespace) for line in lines)
    found = _SUMMARY.fullmatch(text)
    return (
        found is not None
        and all(line.startswith(namespace) for line in lines)
        and found["count"] == str(len(pairs_of(links)))
    )


def _are_links(lines: Sequence[str]) -> bool:
    labels = [label for line in lines if (label := _LABEL.fullmatch(line))]
    if not labels or len(labels) < len(lines):
        return False
    values = tuple(label["value"] for label in labels)
    whole = join_value(values)
    return (
        len({label["namespace"] for label in labels}) == 1
        and [label["number"] for label in labels] == [None, *map(str, range(2, len(labels) + 1))]
        and _PAIRS.fullmatch(whole) is not None
        and split_value(whole) == values
    )
