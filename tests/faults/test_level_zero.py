"""Level Zero as the program of the faults has it: with a fabric in /sys, and readings that are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.trials import outcome_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once  # what the daemon bears, its own rooms are tried for on each Python

# How soon a busy machine gets to it is no matter of tests.
SLOW = ("the new truth came after", "from one fetch to the next")


def test_a_lost_gpu_costs_no_label(tmp_path: Path) -> None:
    """A GPU that the kernel has, and Level Zero does not show, leaves all labels as they are."""
    name = "Level Zero: a GPU less than the kernel has"
    outcome = outcome_of(name, tmp_path)
    complaints = outcome["complaints"]
    if "] mount " in str(complaints):
        pytest.skip("this machine does not let us mount anything")
    assert [words for words in complaints if not any(slow in words for slow in SLOW)] == []
    assert outcome["note"] == "no_rights"
    assert len(outcome["record"]["fetches"]) >= 8
