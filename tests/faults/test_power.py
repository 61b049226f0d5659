"""A loss of power, on a disk that forgets what was not synced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.trials import outcome_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once  # what the daemon bears, its own rooms are tried for on each Python


def test_a_loss_of_power_costs_no_label(tmp_path: Path) -> None:
    """Whenever the power is lost, the file on the disk is whole, and the next start goes on with it."""
    outcome = outcome_of("power lost", tmp_path)
    if "there is no FUSE here" in str(outcome["complaints"]):
        pytest.skip("this machine does not let us mount a file system of our own")
    assert outcome["complaints"] == []
