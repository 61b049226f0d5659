"""The largest group: exact for every graph that is told, and never at more than so many steps."""

from __future__ import annotations

from itertools import combinations
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xelinkd.model.clique import MOST_STEPS, largest_group

if TYPE_CHECKING:
    from collections.abc import Iterable

SIZE = 64  # the most members that are ever asked for


def _graph(size: int, edges: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    neighbours = [0] * size
    for a, b in edges:
        neighbours[a] |= 1 << b
        neighbours[b] |= 1 << a
    return tuple(neighbours)


def _random(seed: int, density: float) -> tuple[int, ...]:
    random = Random(seed)  # noqa: S311  a graph, no secret
    return _graph(SIZE, [pair for pair in combinations(range(SIZE), 2) if random.random() < density])


def _by_trying_all(size: int, edges: set[tuple[int, int]]) -> int:
    groups = (group for n in range(size, 0, -1) for group in combinations(range(size), n))
    return next((len(group) for group in groups if edges.issuperset(combinations(group, 2))), 0)


@st.composite
def _small(draw: st.DrawFn) -> tuple[int, set[tuple[int, int]]]:
    size = draw(st.integers(0, 8))
    pairs = list(combinations(range(size), 2))
    return size, draw(st.sets(st.sampled_from(pairs))) if pairs else set()


@given(_small())
def test_the_group_is_the_largest(graph: tuple[int, set[tuple[int, int]]]) -> None:
    """Whatever is linked to what: no group is missed, and none is made up."""
    size, edges = graph
    assert largest_group(_graph(size, edges)) == _by_trying_all(size, edges)


TRIPLES = _graph(63, [(a, b) for a, b in combinations(range(63), 2) if a // 3 != b // 3])


@pytest.mark.parametrize(
    ("neighbours", "size"),
    [
        pytest.param(_graph(SIZE, combinations(range(SIZE), 2)), SIZE, id="all linked"),
        pytest.param(_graph(SIZE, []), 1, id="none linked"),
        pytest.param(TRIPLES, 21, id="Moon and Moser: 3^21 groups that cannot grow"),
        pytest.param(_graph(SIZE, [(n, (n + 1) % SIZE) for n in range(SIZE)]), 2, id="a ring"),
        pytest.param(
            _graph(SIZE, [(n, n ^ 1 << bit) for n in range(SIZE) for bit in range(6) if not n >> bit & 1]),
            2,
            id="a hypercube",
        ),
        pytest.param(
            _graph(SIZE, [pair for n in range(0, SIZE, 8) for pair in combinations(range(n, n + 8), 2)]),
            8,
            id="islands",
        ),
    ],
)
def test_64_gpus_are_told_however_they_are_wired(neighbours: tuple[int, ...], size: int) -> None:
    """Every way in which people wire GPUs, and the classical bad case, is told within the steps."""
    assert largest_group(neighbours) == size


@pytest.mark.parametrize("density", [0.3, 0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("seed", range(3))
def test_the_steps_are_bounded(seed: int, density: float) -> None:
    """A page that was made to be hard gets the truth or nothing, never a part of the way to it."""
    neighbours = _random(seed, density)
    truth = largest_group(neighbours, 1_000_000)
    assert truth is not None
    assert largest_group(neighbours) in {truth, None}
    assert largest_group(neighbours, SIZE - 1) is None


def test_what_is_too_hard_is_not_told() -> None:
    """The bound is real: a dense page of 64 GPUs goes beyond it."""
    assert largest_group(_random(0, 0.9), MOST_STEPS) is None


def test_a_steady_machine_is_searched_once() -> None:
    """As long as the same GPUs are linked, nothing is searched again."""
    largest_group.cache_clear()
    for _ in range(3):
        largest_group((*TRIPLES[:9], *TRIPLES[9:]))  # equal, not the same
    assert largest_group.cache_info().misses == 1
