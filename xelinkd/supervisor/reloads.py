"""When the configuration is read again: at once, but no storm of changes makes a storm of reloads. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

AFTER_APPLIED: Final = 1.0  # seconds; a new pipeline deserves to get somewhere
AFTER_NOTHING: Final = 0.05  # seconds; reading costs a millisecond

AFTER_FAULT: Final = 1.0  # seconds; what cannot be read for want of descriptors, say, can be without an event

NEVER: Final = float("inf")


class Reloads(Struct, frozen=True):
    """When the next reload is due (NEVER: none is asked for), and before when there may be none.

    `retry`: when there is one though nobody asks for it (NEVER: all could be read).
    """

    due: float = NEVER
    not_before: float = 0.0
    retry: float = NEVER

    @property
    def next(self) -> float:
        """Give when the configuration is to be read, asked for or not."""
        return min(self.due, self.retry)


def ask(reloads: Reloads, now: float) -> Reloads:
    """Take in that something may have changed."""
    return replace(reloads, due=min(reloads.due, max(now, reloads.not_before)))


def done(now: float, *, applied: bool, is_whole: bool = True) -> Reloads:
    """Take in that it was read, whether that changed anything, and whether all could be read."""
    return Reloads(
        not_before=now + (AFTER_APPLIED if applied else AFTER_NOTHING),
        retry=NEVER if is_whole else now + AFTER_FAULT,
    )
