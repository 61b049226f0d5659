"""Looks at a node's links all the while."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.cluster import Cluster


@contextmanager
def sampling(cluster: Cluster) -> Iterator[list[int]]:
    """Look at the node's links all the while; the list fills with how many there were."""
    seen: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.append(len(cluster.links()))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
