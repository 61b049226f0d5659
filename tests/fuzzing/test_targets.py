"""The fuzzer's targets on made-up input: whatever it is, nothing breaks a promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzzing.targets import LARGE, NAMES, load

if TYPE_CHECKING:
    from fuzzing.target import Target

    Edit = tuple[int, int, bytes]


def mutants(target: Target) -> st.SearchStrategy[bytes]:
    """Give seeds in which some pieces are cut out, and words, noise or other seeds put in."""
    pieces = st.sampled_from([b"", *target.words]) | st.binary(max_size=4) | st.sampled_from(target.seeds)
    edits = st.lists(st.tuples(st.integers(0, 4096), st.integers(0, 40), pieces), max_size=6)
    return st.builds(edited, st.sampled_from(target.seeds), edits)


def edited(data: bytes, edits: list[Edit]) -> bytes:
    """Carry out edits: where, how many bytes are cut out there, and what is put in."""
    for place, size, piece in edits:
        at = place % (len(data) + 1)
        data = data[:at] + piece + data[at + size :]
    return data


def check_on_mutants(target: Target, count: int) -> None:
    """Check so many mutants, the same ones at each run."""
    settings(max_examples=count)(given(mutants(target))(target.check))()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_breaks_on_made_up_bytes(name: str) -> None:
    """Bytes that others made up cost no more than the error that is meant for them."""
    target = load(name)
    for seed in target.seeds:
        target.check(seed)
    check_on_mutants(target, 300)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_breaks_on_a_flood_of_made_up_bytes(name: str) -> None:
    """The same holds for bytes that go on and on."""
    target = load(name + LARGE)
    for seed in target.seeds:
        target.check(seed)
    check_on_mutants(target, 30)
