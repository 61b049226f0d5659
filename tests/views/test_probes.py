"""What a probe is told."""

from __future__ import annotations

from xelinkd.state.checks import Check
from xelinkd.views.probes import answer

GOOD = Check("config", passed=True, detail="in force")
BAD = Check("labels", passed=False, detail="none are held: no observation yet")


def test_all_is_well() -> None:
    """A probe that nobody reads gets one word."""
    assert answer("livez", (GOOD,), verbose=False) == "ok"


def test_verbose() -> None:
    """A person who asks gets a line for each check."""
    assert answer("livez", (GOOD,), verbose=True) == "[+]config ok: in force\nlivez check passed\n"


def test_something_is_wrong() -> None:
    """What fails says why, asked or not: Kubernetes puts it into the pod's events."""
    for verbose in (True, False):
        assert answer("readyz", (GOOD, BAD), verbose=verbose) == (
            "[+]config ok: in force\n"
            "[-]labels failed: none are held: no observation yet\n"
            "readyz check failed\n"
        )
