"""What became of a target: read from what libFuzzer said of it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRESS: Final = "progress "  # begins the lines of a target's process that are for people

_INPUTS: Final = re.compile(r"^stat::number_of_executed_units: (\d+)$", re.MULTILINE)
_CULPRIT: Final = re.compile(r"Test unit written to (\S+)$", re.MULTILINE)
_EXCEPTION: Final = re.compile(r"^ === Uncaught Python exception: ===\n(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many inputs a target took, in how many seconds, and what went wrong, if anything did.

    `culprit` is the file with the input that broke it; `fault` says how. A fault without a culprit is one of
    the fuzzer.
    """

    target: str
    inputs: int
    seconds: float
    fault: str = ""
    culprit: str = ""


def read_outcome(target: str, said: str, seconds: float, status: int) -> Outcome:
    """Take in all that a target's process wrote to standard error, and its exit status."""
    inputs = int(_first(_INPUTS, said) or 0)
    if status == 0:
        return Outcome(target, inputs, seconds)
    fault = _first(_EXCEPTION, said) or f"exit status {status}"
    return Outcome(target, inputs, seconds, fault, _first(_CULPRIT, said))


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def table(outcomes: Sequence[Outcome]) -> str:
    """Give one line a target, and one that adds up."""
    total = Outcome("all", sum(each.inputs for each in outcomes), sum(each.seconds for each in outcomes))
    crashes = sum(bool(each.fault) for each in outcomes)
    rows = [_row(each, int(bool(each.fault))) for each in outcomes]
    return "\n".join([f"{'target':<20}{'inputs':>12}{'time':>9}{'crashes':>9}", *rows, _row(total, crashes)])


def _row(outcome: Outcome, crashes: int) -> str:
    return f"{outcome.target:<20}{outcome.inputs:>12,}{outcome.seconds:>7.0f} s{crashes:>9}"
