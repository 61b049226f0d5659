"""The moment by which something must be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable


class Deadline(Struct, frozen=True):
    """A moment, in seconds of a clock, by which everything must be done."""

    moment: float
    clock: Callable[[], float]

    def remaining(self) -> float:
        """Seconds left, always more than 0; TimeoutError when there are none."""
        seconds = self.moment - self.clock()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return seconds
