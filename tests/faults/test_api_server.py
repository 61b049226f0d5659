"""An API server that fails, as the program of the faults has it: it bites, and its end is noticed."""

from __future__ import annotations

from dataclasses import replace

from support.daemon import PATIENCE

from faults.fault import Fault
from faults.judge import Terms, judge
from faults.rig import DEADLINE, INTERVAL
from faults.rooms import FAULTS
from faults.trial import attempt

# How soon a busy machine gets to it is no matter of tests.
TERMS = Terms(INTERVAL, DEADLINE, slack=PATIENCE)


def test_labels_are_held_while_the_token_is_refused() -> None:
    """Labels in an object stay as they were, and one request brings the news once the token is right."""
    fault = FAULTS["API server: token rotated mid-run"]
    assert isinstance(fault, Fault)
    short = replace(fault, fetches=1, failures=1)

    record = attempt(short)

    assert judge(short, record, TERMS).complaints == ()
    assert record.failures >= 1
    assert "unauthorized" in record.words
