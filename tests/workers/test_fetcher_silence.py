"""For how long a fetcher may say nothing while it asks."""

from __future__ import annotations

import math

import pytest

from xelinkd.config.sources import Source
from xelinkd.workers.fetcher import longest_silence


@pytest.mark.parametrize(
    ("source", "seconds"),
    [
        (Source(), 5.0),
        (Source(kind="level-zero", url="http://xpum.example:29999/metrics"), 5.0),
        (Source(url="http://[::1]:29999/metrics"), 5.0),
        (Source(url="http://xpum.example:29999/metrics"), math.inf),
        (Source(kind="auto", url="http://localhost:29999/metrics"), math.inf),
    ],
)
def test_silence(source: Source, seconds: float) -> None:
    """Who waits for a resolver that is dead has the whole patience of the supervisor: it gives an outcome."""
    assert longest_silence(source) == seconds
