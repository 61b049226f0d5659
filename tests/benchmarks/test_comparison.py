"""Two runs side by side, from made-up figures."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from benchmarks.comparison import compared, pace, saved_figures
from benchmarks.figures import Figure, noise

STEADY = (10.0, 10.1, 9.9, 10.0, 10.0)


def _cycle(samples: tuple[float, ...], reference: tuple[float, ...] = (5.0, 5.0, 5.0)) -> Figure:
    return Figure("cycle", "ms", samples, None, "bare", reference)


def _last_words(before: Figure, now: Figure) -> str:
    return compared([before], [now]).splitlines()[-1]


@pytest.mark.parametrize(
    ("now", "ending"),
    [
        (STEADY, "+0%     0%"),
        (tuple(2 * each for each in STEADY), "+100%   0%     WORSE"),
        (tuple(each / 2 for each in STEADY), "-50%    0%     better"),
        ((9.0, 15.0, 11.0, 8.0, 14.0), "+10%    45%"),
    ],
)
def test_only_what_is_beyond_the_noise_is_marked(now: tuple[float, ...], ending: str) -> None:
    """A run that scatters shows how much, and raises no alarm."""
    assert _last_words(_cycle(STEADY), _cycle(now)).endswith(ending)


def test_slower_machine_is_not_held_against_the_program() -> None:
    """Where the references took twice as long, so may all else."""
    slow = _cycle(tuple(2 * each for each in STEADY), (10.0, 10.0, 10.0))

    assert compared([_cycle(STEADY)], [slow]).startswith("references took 2.00 times as long now")
    assert _last_words(_cycle(STEADY), slow).endswith("+0%     0%")


def test_references_that_disagree_add_to_the_noise() -> None:
    """What the machine did to one reference and not to another, it may have done to a figure without one."""
    start = [Figure("start", "ms", (1.0,), None, "pass", (reference,)) for reference in (1.0, 1.6)]
    before, now = ([_cycle(STEADY), each, Figure("reload", "ms", STEADY)] for each in start)

    assert pace(before, now).wobble == pytest.approx(0.6)
    assert compared(before, now).splitlines()[-1].endswith("-23%    60%")


def test_parts_are_compared_with_the_same_part_of_the_same_whole() -> None:
    """Each figure has a line for each process; that of the one is not set beside that of another."""
    parts = [Figure("  writer", unit, STEADY) for unit in ("ms", "MiB")]
    whole = [_cycle(STEADY), parts[0], Figure("memory", "MiB", STEADY), parts[1]]
    without = [_cycle(STEADY), Figure("memory", "MiB", STEADY), parts[1]]

    assert [line.split()[0] for line in compared(whole, without).splitlines()[4:]] == [
        "cycle",
        "memory",
        "writer",
    ]
    assert " MiB" in compared(without, whole).splitlines()[-1]


def test_single_samples_are_never_marked() -> None:
    """One look at a time tells nothing of the noise."""
    assert _last_words(_cycle((1.0,)), _cycle((9.0,))).split()[-1] == "unknown"


def test_noise_is_the_spread_of_the_middle_half() -> None:
    """One slow round of many is no noise; of three, each counts."""
    assert noise((10.0, 10.0, 10.0, 10.0, 90.0)) == 0
    assert noise((10.0, 10.0, 15.0)) == pytest.approx(0.5)


def test_saved_run_is_read_back() -> None:
    """What was written with --json can be compared with."""
    figure = _cycle(STEADY)
    assert saved_figures({"figures": [asdict(figure)]}) == [figure]
