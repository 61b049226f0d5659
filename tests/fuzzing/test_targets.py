"""The fuzzer's targets on made-up input: whatever it is, nothing breaks a promise."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from support.effort import scaled

from fuzzing.targets import LARGE, NAMES, load

if TYPE_CHECKING:
    from fuzzing.target import Target


def mutant(target: Target, random: Random) -> bytes:
    """Give a seed in which some pieces are cut out, and words, noise or other seeds put in."""
    data = random.choice(target.seeds)
    for _ in range(random.randrange(7)):
        noise = random.randbytes(random.randrange(5))
        piece = random.choice([b"", noise, random.choice(target.words), random.choice(target.seeds)])
        at = random.randrange(len(data) + 1)
        data = data[:at] + piece + data[at + random.randrange(41) :]
    return data


def check_on_mutants(target: Target, count: int) -> None:
    """Check so many mutants, the same ones at each run."""
    random = Random(0)  # noqa: S311  no secret
    for made in (mutant(target, random) for _ in range(count)):
        try:
            target.check(made)
        except Exception as error:
            error.add_note(f"the input was {made!r}")
            raise


@pytest.mark.parametrize("name", NAMES)
def test_nothing_breaks_on_made_up_bytes(name: str) -> None:
    """Bytes that others made up cost no more than the error that is meant for them."""
    target = load(name)
    for seed in target.seeds:
        target.check(seed)
    check_on_mutants(target, scaled(300))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_breaks_on_a_flood_of_made_up_bytes(name: str) -> None:
    """The same holds for bytes that go on and on."""
    target = load(name + LARGE)
    for seed in target.seeds:
        target.check(seed)
    check_on_mutants(target, scaled(30))
