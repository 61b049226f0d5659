"""What outlives a fetcher: how its credentials stand."""

from __future__ import annotations

from xelinkd.model.login import ACCEPTED, NEW, WAIT
from xelinkd.supervisor.logins import Logins, heard
from xelinkd.workers.lifeline import ADMITTED, SPARED, WARY


def test_a_fetcher_knows_what_the_one_before_it_learned() -> None:
    """One login that may fail is made in five minutes, however often the fetcher is replaced."""
    assert heard(WARY, 1000.0) == Logins(1000.0 + WAIT, NEW)
    assert heard(ADMITTED, 1000.0) == Logins(0.0, ACCEPTED)
    assert heard(SPARED, 1000.0) == Logins()
