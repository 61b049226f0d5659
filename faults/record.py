"""What was seen while a fault was tried: plain values. Times are in seconds of one clock (time.monotonic)."""

from __future__ import annotations

from dataclasses import dataclass, field

Labels = tuple[str, ...] | None
"""The label lines, in a feature file or an object; None: there is none that can be read."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """From this moment on there were these labels."""

    at: float
    labels: Labels


@dataclass(frozen=True, slots=True)
class Record:
    """One fault, from just before it began until well after it was over."""

    began: float  # with it the truth changed from `before` to `after`
    ending: float  # it was told to end
    over: float  # it had ended
    before: Labels
    after: Labels
    sightings: tuple[Sighting, ...]
    looks: int  # how often the labels were looked at
    longest_blink: float  # the longest time between two looks
    peak_mib: float
    deaths: tuple[str, ...]  # names of processes, once for each death
    fetches: tuple[float, ...]  # when the source was asked
    words: frozenset[str]  # events told while it lasted, and their reasons
    log: str = field(repr=False)
    warnings: tuple[str, ...] = ()  # events told while it lasted that are warnings or errors
    requests: tuple[
        float, ...
    ] = ()  # when the API server was asked, if there is one, as far as it could hear
    failures: int = 0  # requests to it that failed while it lasted


def labels_of(content: bytes) -> tuple[str, ...]:
    """Give the label lines of a feature file."""
    lines = content.decode(errors="replace").splitlines()
    return tuple(line for line in lines if not line.startswith("#"))
