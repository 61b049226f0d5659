"""The largest group of which each member is joined to each other one: exact, or not told."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_STEPS: Final = 5_000  # members looked at; some milliseconds

Neighbours = tuple[int, ...]
"""For each member the set of those that it is joined to, as bits; itself not among them."""


@lru_cache(maxsize=1)  # a steady machine asks for the same again at every fetch
def largest_group(neighbours: Neighbours, most_steps: int = MOST_STEPS) -> int | None:
    """Give the size of the maximum clique; None if that would take more steps.

    Branch and bound: members that are not joined share a colour, and a group has at most one of each.
    """
    largest = steps = 0
    branches = [(len(neighbours), 0, (1 << len(neighbours)) - 1)]
    while branches:
        bound, size, candidates = branches.pop()
        if bound <= largest:
            continue
        largest = max(largest, size)
        steps += candidates.bit_count()
        if steps > most_steps:
            return None
        branches += _branches(neighbours, size, candidates)
    return largest


def _branches(neighbours: Neighbours, size: int, candidates: int) -> Iterator[tuple[int, int, int]]:
    """Give what a group of this size can become: the most members, its size, and who can still join.

    The most promising one comes last.
    """
    earlier = 0
    for member, colours in _coloured(neighbours, candidates):
        yield size + colours, size + 1, earlier & neighbours[member]
        earlier |= 1 << member


def _coloured(neighbours: Neighbours, candidates: int) -> Iterator[tuple[int, int]]:
    """Give each candidate, and how many colours there were up to its own."""
    colours = 0
    while candidates:
        colours += 1
        free = candidates
        while free:
            bit = free & -free
            member = bit.bit_length() - 1
            candidates ^= bit
            free &= ~(neighbours[member] | bit)
            yield member, colours
