"""How long to wait before a unit that failed is started again. Pure; time comes from outside."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

FIRST_DELAY: Final = 0.1  # seconds, before the second restart in a row; the first is at once
HEALTHY_AFTER: Final = 60.0  # seconds of life after which earlier failures are forgotten
MAX_DELAY_WITH_PROGRESS: Final = 1.0  # seconds, for a unit that did its work before it failed


class Failures(Struct, frozen=True):
    """How many times in a row a unit failed soon after its start, and how many without doing its work."""

    count: int = 0
    fruitless: int = 0  # in a row


def failed(failures: Failures, *, lived: float, made_progress: bool) -> Failures:
    """Count a failure of a unit that lived so many seconds, and did its work or not."""
    before = Failures() if lived >= HEALTHY_AFTER else failures
    return Failures(before.count + 1, 0 if made_progress else before.fruitless + 1)


def delay(failures: Failures, *, longest: float) -> float:
    """Give the seconds to wait: none, then 0.1, 0.2, 0.4... up to a ceiling.

    A unit that does its work between its failures is worth having soon, though it may fail once before it got
    to that; one that never does would only burn the node's time.
    """
    fruitful = min(MAX_DELAY_WITH_PROGRESS, _doubled(failures.count))
    return min(longest, max(fruitful, _doubled(failures.fruitless)))


def _doubled(count: int) -> float:
    return 0.0 if count <= 1 else FIRST_DELAY * 2.0 ** min(count - 2, 30)
