"""What XPU Manager is asked for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from support.daemon import wait_until

if TYPE_CHECKING:
    from support.daemon import Daemon

    from xelinkd.simulator.server import Simulator

INTERVAL = 0.1  # seconds


def test_no_more_requests_than_the_interval_asks(daemon: Daemon, xpum: Simulator) -> None:
    """XPU Manager has one request at the start and one an interval, also after a machine that was busy."""
    began = time.monotonic()
    daemon.configure(source={"interval": f"{1000 * INTERVAL:.0f}ms"})
    daemon.start()
    wait_until(lambda: xpum.scrapes >= 10, "ten requests")

    requests = xpum.scrapes

    # However slow all was: a request that was missed is not made up for.
    assert requests <= 1 + (time.monotonic() - began) / INTERVAL
