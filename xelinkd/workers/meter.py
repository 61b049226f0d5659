"""Measures a fetch that is read while it comes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from xelinkd.state.fetching import Effort

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Meter:
    """Parts the time that passes into waiting for bytes and reading them."""

    def __init__(self) -> None:
        """Begin to measure."""
        self._began = time.perf_counter()
        self._waited = 0.0
        self._bytes = 0

    def through(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """Give the parts on, as they come."""
        coming = iter(parts)
        while (part := self._wait(coming)) is not None:
            self._bytes += len(part)
            yield part

    def _wait(self, coming: Iterator[bytes]) -> bytes | None:
        asked = time.perf_counter()
        try:
            return next(coming, None)
        finally:
            self._waited += time.perf_counter() - asked

    def effort(self) -> Effort:
        """Give what was measured until now."""
        elapsed = time.perf_counter() - self._began
        return Effort(self._waited, max(0.0, elapsed - self._waited), self._bytes)
