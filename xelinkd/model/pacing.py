"""How long to leave a server alone that failed us. Pure: time and chance come from outside.

A server that is overloaded stays so if all of its clients come back together. So each waits for a time of its
own (jitter), which doubles with each failure in a row, up to a ceiling. Never less than a quarter of that:
so a client's requests are bounded, whatever the server answers, and however chance has it.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

FIRST: Final = 2.0  # seconds, at most, after the first failure
LONGEST: Final = 300.0  # seconds, at most, after any number of them
LEAST: Final = 0.25  # of what it may be at most
MOST_ASKED_FOR: Final = 600.0  # seconds that a server may ask us to wait


class Pace(Struct, frozen=True):
    """How many requests failed in a row, and until when (boot time) no other is made."""

    failures: int = 0
    until: float = 0.0


STEADY: Final = Pace()


def failed(pace: Pace, now: float, chance: float, asked_for: float = 0.0) -> Pace:
    """Wait after a failure; `chance` is from 0 to 1, `asked_for` the seconds of a Retry-After.

    What the server asks for is added to, not taken as it is: it tells all of its clients the same.
    """
    longest = ceiling(pace.failures)
    wait = longest * (LEAST + (1 - LEAST) * chance)
    return Pace(pace.failures + 1, now + wait + min(max(asked_for, 0.0), MOST_ASKED_FOR))


def ceiling(failures: int) -> float:
    """Give the longest wait after so many failures, and one more."""
    return min(LONGEST, FIRST * 2.0 ** min(failures, 30))
