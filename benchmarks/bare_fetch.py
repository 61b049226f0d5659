"""The least that any program in Python pays for the page: fetches it with urllib3, at an interval, for ever.

Usage: python -m benchmarks.bare_fetch URL SECONDS
"""

from __future__ import annotations

import sys
import time

import urllib3


def main(url: str, interval: float) -> None:
    """Fetch and forget. The same rhythm as the daemon's, for a processor that has slept is slower."""
    pool = urllib3.PoolManager()
    due = time.monotonic()
    while True:
        pool.request("GET", url)
        due += interval
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
