"""When the configuration is read again: at once, but no storm of changes makes a storm of reloads. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

AFTER_APPLIED: Final = 1.0  # seconds; a new pipeline deserves to get somewhere
AFTER_NOTHING: Final = 0.05  # seconds; reading costs a millisecond

NEVER: Final = float("inf")


class Reloads(Struct, frozen=True):
    """When the next reload is due (NEVER: none is asked for), and before when there may be none."""

    due: float = NEVER
    not_before: float = 0.0


def ask(reloads: Reloads, now: float) -> Reloads:
    """Take in that something may have changed."""
    return replace(reloads, due=min(reloads.due, max(now, reloads.not_before)))


def done(now: float, *, applied: bool) -> Reloads:
    """Take in that the configuration was read, and whether that changed anything."""
    return Reloads(not_before=now + (AFTER_APPLIED if applied else AFTER_NOTHING))
