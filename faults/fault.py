"""What a fault is: a value that says how it is done, and what may be expected of the daemon meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from faults.record import Labels
    from faults.rig import Rig


def leave_alone(_rig: Rig) -> None:
    """Prepare nothing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    `begin` is entered when the fault begins, and left when it is over; `prepare` changes the healthy rig
    before the daemon starts. While it lasts, the log must have one of the words in `tells` (events and their
    reasons), if there are any: a fault that leaves no trace did not bite.
    """

    name: str
    begin: Callable[[Rig], AbstractContextManager[object]] = field(repr=False)
    tells: tuple[str, ...]
    prepare: Callable[[Rig], None] = field(default=leave_alone, repr=False)
    blocks: bool = False  # a fetch may take the whole deadline
    counts: bool = True  # fetches reach the source, and are counted there
    follows: bool = False  # the labels follow the truth while it lasts
    fetches: int = 8  # how many it lasts for
    may_end: frozenset[str] = frozenset()  # processes that it kills or has replaced
    leaves: frozenset[Labels] = frozenset()  # what it puts in the place of the labels itself
    grace: float = 0.0  # seconds that the recovery may take longer
    failures: int = 0  # requests to the API server that have to fail before it may be over
    once: bool = False  # each warning and error is told once, however long it lasts
