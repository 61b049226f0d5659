"""How a fetch is measured."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from xelinkd.workers.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Iterator


def spin(seconds: float) -> None:
    """Let time pass."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def test_waiting_and_reading_are_told_apart() -> None:
    """A slow source shows as a long fetch, not as a long parse, and the reverse."""

    def slow() -> Iterator[bytes]:
        for part in (b"abc", b"de"):
            spin(0.02)
            yield part

    meter = Meter()
    for _ in meter.through(slow()):
        spin(0.001)
    effort = meter.effort()
    assert effort.page_bytes == 5
    assert effort.fetch_seconds > effort.parse_seconds


def test_fetch_that_fails() -> None:
    """The time until a fetch fails is time of the fetch."""

    def failing() -> Iterator[bytes]:
        spin(0.02)
        raise TimeoutError("late")
        yield b""

    meter = Meter()
    with pytest.raises(TimeoutError, match="late"):
        list(meter.through(failing()))
    assert meter.effort().fetch_seconds >= 0.02
