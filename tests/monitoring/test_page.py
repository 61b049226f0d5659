"""The page of metrics, before Prometheus' own eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.metrics import BUSY, FIGURES, UNKNOWN
from support.prometheus import needs_prometheus, promtool
from support.states import GOOD

from xelinkd.state.told import Fetching, Keeping, State
from xelinkd.views.metrics.metrics import render

if TYPE_CHECKING:
    from support.daemon import Daemon

pytestmark = needs_prometheus

STARTING = State(GOOD.now, GOOD.turned_at, GOOD.supervision, Fetching(), Keeping(), GOOD.history)


@pytest.mark.parametrize(
    "state", [GOOD, STARTING, UNKNOWN, BUSY], ids=["good", "starting", "unknown", "busy"]
)
def test_promtool_finds_no_fault(state: State) -> None:
    """The page keeps Prometheus' conventions, as its own tool checks them."""
    assert promtool("check", "metrics", stdin=render(state, FIGURES)) == ""


def test_promtool_finds_no_fault_in_a_real_daemons_page(daemon: Daemon) -> None:
    """A xelinkd that runs serves a page that keeps them, too."""
    daemon.serve_status().start()
    daemon.wait_for_answer("/readyz", lambda code, _: code == 200)
    assert promtool("check", "metrics", stdin=daemon.ask("/metrics")[1].encode()) == ""
