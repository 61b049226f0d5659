"""The two clocks, read together."""

from __future__ import annotations

import time

from xelinkd.model.lease import Instant


def now() -> Instant:
    """Read the clock that runs through suspend and cannot be set, and the wall clock."""
    return Instant(time.clock_gettime(time.CLOCK_BOOTTIME), time.time())
