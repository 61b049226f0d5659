"""The lease: how long labels hold after the last observation that confirmed them.

All decisions about what stands in a sink, are here; they know neither files nor clocks.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from xelinkd.model.feature_file import FeatureFile

# The stamp has whole seconds; a difference within this is no reason to write.
TOLERANCE: Final = 1.5


class Instant(Struct, frozen=True):
    """One moment on both clocks, in seconds.

    `boot` runs through suspend and cannot be set (CLOCK_BOOTTIME); `wall` is Unix time, which people set.
    """

    boot: float
    wall: float

    @property
    def offset(self) -> float:
        """What wall time is ahead of boot time; it changes only when somebody sets the clock."""
        return self.wall - self.boot


class Held(Struct, frozen=True):
    """Labels that hold until `end`, a moment of boot time."""

    lines: tuple[str, ...]
    end: float


class Write(Struct, frozen=True):
    """Have these labels there."""

    file: FeatureFile


class Remove(Struct, frozen=True):
    """Have none there: they hold no longer."""


class Leave(Struct, frozen=True):
    """Leave what is there: every write makes NFD discover everything anew, or is a request."""


Action = Write | Remove | Leave


def observed(lines: tuple[str, ...], at: float, now: Instant, lease: float) -> Held:
    """Hold labels for a lease from the observation at `at` (boot time); never from a moment yet to come."""
    return Held(lines, min(at, now.boot) + lease)


def adopt(file: FeatureFile | None, now: Instant, lease: float) -> Held | None:
    """Hold what a predecessor wrote until its stamp, at most for a lease; without a stamp for one lease."""
    if file is None:
        return None
    if file.expiry is None:
        return Held(file.lines, now.boot + lease)
    remaining = min(file.expiry - now.wall, lease)
    return Held(file.lines, now.boot + remaining) if remaining > 0 else None


def shortened(held: Held, now: Instant, lease: float) -> Held:
    """Hold what a predecessor held, at most for a lease: it may have had a longer one."""
    return Held(held.lines, min(held.end, now.boot + lease))


def still_held(held: Held | None, now: Instant) -> Held | None:
    """Let go of labels whose lease has ended."""
    return held if held is not None and now.boot < held.end else None


def plan(
    held: Held | None, found: FeatureFile | None, written_offset: float, now: Instant, renewal: float
) -> Action:
    """Decide what to do with the labels, given what is there.

    `renewal`: the stamp is put off when less than these seconds are left of it.
    `written_offset` is `Instant.offset` when the file was written (or adopted): if the wall clock was set
    since then, the stamp is wrong.
    """
    if held is None:
        return Leave() if found is None else Remove()
    true_end = now.wall + (held.end - now.boot)
    clock_was_set = abs(now.offset - written_offset) > TOLERANCE
    if found is not None and not clock_was_set and _serves(found, held, true_end, now, renewal):
        return Leave()
    return Write(FeatureFile(held.lines, int(true_end)))


def _serves(found: FeatureFile, held: Held, true_end: float, now: Instant, renewal: float) -> bool:
    """Tell whether the file holds these labels, not beyond their true end, and long enough for now."""
    if found.lines != held.lines or found.expiry is None:
        return False
    if found.expiry > true_end + TOLERANCE:
        return False
    long_enough = found.expiry - now.wall >= renewal
    return long_enough or true_end - found.expiry <= TOLERANCE
