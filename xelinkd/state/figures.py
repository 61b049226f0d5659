"""What the kernel counts of a process."""

from __future__ import annotations

from msgspec import Struct


class Figures(Struct, frozen=True):
    """Processor time in seconds, resident memory in bytes, open descriptors (None: the kernel does not tell).

    Resident memory counts pages that are shared with other processes as if they were its own.
    """

    cpu_seconds: float
    resident_bytes: int
    open_files: int | None
