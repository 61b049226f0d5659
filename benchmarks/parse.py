"""Times our reading of a page beside prometheus_client's, in one process; prints both in seconds, as JSON.

Usage: python -m benchmarks.parse PAGE.gz CALLS, with prometheus_client on the path.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from xelinkd.model.page import read_page

if TYPE_CHECKING:
    from collections.abc import Callable


def seconds(act: Callable[[], object], calls: int) -> float:
    """Give the median time of a call, after one that does not count."""
    act()
    return median(_seconds_of_one(act) for _ in range(calls))


def _seconds_of_one(act: Callable[[], object]) -> float:
    before = time.perf_counter()
    act()
    return time.perf_counter() - before


def main(path: Path, calls: int) -> None:
    """Time both; ours is called more often, for it is over soon."""
    page = gzip.decompress(path.read_bytes())
    text = page.decode()
    ours = seconds(lambda: read_page(page), 10 * calls)
    theirs = seconds(lambda: list(text_string_to_metric_families(text)), calls)
    json.dump({"ours": ours, "theirs": theirs}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
