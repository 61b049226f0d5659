"""How often something took how long, in buckets as Prometheus counts them."""

from __future__ import annotations

from bisect import bisect_left
from typing import Annotated, Final

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e15)]  # not NaN, and finite

# Upper bounds in seconds, each included in its bucket; what is above the last is counted, too.
OF_A_FETCH: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OF_PARSING: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25)


class Histogram(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How many fell into each bucket (the last: above all bounds), and the sum of all in seconds."""

    counts: Annotated[tuple[Count, ...], msgspec.Meta(max_length=32)]
    total: Seconds = 0.0


def empty(bounds: tuple[float, ...]) -> Histogram:
    """Give a histogram in which nothing is counted yet."""
    return Histogram((0,) * (len(bounds) + 1))


def counted(histogram: Histogram, bounds: tuple[float, ...], seconds: float) -> Histogram:
    """Count one more."""
    counts = list(histogram.counts)
    counts[bisect_left(bounds, seconds)] += 1
    return Histogram(tuple(counts), histogram.total + seconds)
