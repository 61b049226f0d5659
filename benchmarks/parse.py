"""Times the reading of pages, and of one beside what it is compared with; prints seconds, as JSON.

Usage: python -m benchmarks.parse CALLS, with prometheus_client on the path.
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Final

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.pages import NODE, recorded, recorded_names
from xelinkd.config.schema import Labels
from xelinkd.model.labels import label_lines
from xelinkd.model.page import read_page, read_parts
from xelinkd.simulator.machine import mesh
from xelinkd.simulator.page import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Times = dict[str, float | str]

GPUS: Final = (1, 2, 4, 8, 16, 32, 64)
PART: Final = 131_072  # bytes; as they come from a socket (sources/place.py)
_BUDGETED: Final = 10  # times as many calls: what is over soon


def seconds(act: Callable[[], object], calls: int) -> float:
    """Give the median time of a call, after one that does not count."""
    act()
    return median(_seconds_of_one(act) for _ in range(calls))


def _seconds_of_one(act: Callable[[], object]) -> float:
    before = time.perf_counter()
    act()
    return time.perf_counter() - before


def main(calls: int) -> None:
    """Time all."""
    json.dump(dict(_times(calls)), sys.stdout)


def _times(calls: int) -> Iterator[tuple[str, Times]]:
    page = recorded(NODE)
    yield "page to topology", _beside_prometheus_client(page, calls)
    yield "the same page again", _again(page, calls)
    topology = read_page(page).topology
    yield "topology to labels", {"ours": seconds(lambda: label_lines(topology, Labels()), _BUDGETED * calls)}
    for name in recorded_names():
        yield f"  page {name}", _read(recorded(name), calls)
    for gpus in GPUS:
        made = render(mesh(gpus, 2))
        yield f"  page of {gpus} x 2, {len(made) >> 10} KiB", _read(made, calls)


def _beside_prometheus_client(page: bytes, calls: int) -> Times:
    text = page.decode()
    theirs = seconds(lambda: list(text_string_to_metric_families(text)), calls)
    return {
        "ours": seconds(lambda: read_page(page), _BUDGETED * calls),
        "theirs": theirs,
        "beside": "prometheus_client",
    }


def _again(page: bytes, calls: int) -> Times:
    """Read a page whose family has not changed, as in each cycle but the first."""
    parts = [page[at : at + PART] for at in range(0, len(page), PART)]
    known = read_parts(parts)
    return {
        "ours": seconds(lambda: read_parts(parts, known), _BUDGETED * calls),
        "theirs": seconds(lambda: page.count(b"\n"), _BUDGETED * calls),
        "beside": r'bytes.count(b"\n")',
    }


def _read(page: bytes, calls: int) -> Times:
    return {"ours": seconds(lambda: read_page(page), calls)}


if __name__ == "__main__":
    main(int(sys.argv[1]))
