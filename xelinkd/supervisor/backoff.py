"""How long to wait before a unit that failed is started again. Pure; time comes from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FIRST_DELAY: Final = 0.1  # seconds, before the second restart in a row; the first is at once
HEALTHY_AFTER: Final = 60.0  # seconds of life after which earlier failures are forgotten
MAX_DELAY_WITH_PROGRESS: Final = 1.0  # seconds, for a unit that did its work before it failed


@dataclass(frozen=True, slots=True)
class Failures:
    """How many times in a row a unit failed soon after its start."""

    count: int = 0


def failed(failures: Failures, *, lived: float) -> Failures:
    """Count a failure of a unit that lived so many seconds."""
    return Failures(1) if lived >= HEALTHY_AFTER else Failures(failures.count + 1)


def delay(failures: Failures, *, made_progress: bool, longest: float) -> float:
    """Give the seconds to wait: none, then 0.1, 0.2, 0.4... up to a ceiling.

    A unit that completed a cycle is worth having soon; one that never did would only burn the node's time.
    """
    ceiling = min(longest, MAX_DELAY_WITH_PROGRESS) if made_progress else longest
    if failures.count <= 1:
        return 0.0
    return min(ceiling, FIRST_DELAY * 2.0 ** min(failures.count - 2, 30))
