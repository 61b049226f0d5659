"""What the daemon makes of pages that XPU Manager, or something between, gets wrong."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from support.daemon import Daemon, wait_until
from support.pages import PageServer, serving_page

from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.page import render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = render(parse_machine("3x2"))
ROWS = [line for line in GOOD.splitlines() if line.startswith(b"xpum_topology_link{")]


@pytest.fixture
def server() -> Iterator[PageServer]:
    """Give a source whose page a test changes."""
    with serving_page(GOOD) as made:
        yield made


@pytest.fixture
def steady(tmp_path: Path, server: PageServer) -> Iterator[Daemon]:
    """Give a xelinkd that has written the labels of the good page."""
    daemon = Daemon(tmp_path, server.url).start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    yield daemon
    daemon.close()


def without(*rows: bytes) -> bytes:
    """Give the good page without some rows."""
    return b"\n".join(line for line in GOOD.splitlines() if line not in rows)


def has_served(server: PageServer, more_than: int) -> bool:
    """Tell whether the source was asked so often."""
    return server.served > more_than


BAD_PAGES = {
    "no_family": without(*ROWS, b"# TYPE xpum_topology_link gauge").replace(b"HELP xpum_topology_link", b""),
    "no_samples": without(*ROWS),
    "malformed": GOOD.replace(ROWS[3], ROWS[3].replace(b'="', b"=", 1)),
    "not_exposition": b"<html>It works!</html>",
    "xpum2": b'# TYPE hw_temperature_celsius gauge\nhw_temperature_celsius{gpu="0"} 40\n',
    "incomplete": without(ROWS[-1]),
}


def test_bad_page_costs_no_label(steady: Daemon, server: PageServer) -> None:
    """A page that does not tell the topology is told with its reason, and the labels stay."""
    steady.configure(source={"incomplete_fetches": 1000})
    steady.wait_for("config_applied")
    before = steady.links()
    for times, (reason, page) in enumerate(BAD_PAGES.items(), start=1):
        server.body = page
        assert steady.wait_for("topology_unknown", times)["reason"] == reason
        wait_until(partial(has_served, server, server.served + 2), "some more fetches")
        assert steady.links() == before
        server.body = GOOD
        steady.wait_for("topology_known_again", times)


def test_malformed_line_is_named(steady: Daemon, server: PageServer) -> None:
    """Somebody who looks for the fault is given the line's number."""
    server.body = BAD_PAGES["malformed"]
    line = GOOD.splitlines().index(ROWS[3]) + 1
    assert f"line {line}:" in steady.wait_for("topology_unknown")["detail"]


def test_cut_page_costs_no_label(steady: Daemon, server: PageServer) -> None:
    """A page that was cut between two lines now and then never takes a link away."""
    before = steady.links()
    for page in (without(*ROWS[-7:]), GOOD, without(*ROWS[20:]), GOOD, without(ROWS[-1]), GOOD):
        served = server.served
        server.body = page
        wait_until(partial(has_served, server, served + 1), "the page to be fetched")
        assert steady.links() == before


def test_unforeseen_machine_gets_its_labels(tmp_path: Path, server: PageServer) -> None:
    """A page that is never a full square is believed, with a warning, once it came so several times."""
    server.body = without(ROWS[-1])
    gap = "no row for 2.1 to 1.1"
    daemon = Daemon(tmp_path, server.url)
    daemon.configure(source={"incomplete_fetches": 4})
    daemon.start()
    try:
        assert f"{gap} (seen 1 of 4 times)" in daemon.wait_for("topology_unknown")["detail"]
        daemon.wait_for_links(lambda links: len(links) == 6)
        assert server.served >= 4
        assert daemon.wait_for("topology_odd")["oddities"] == [gap]
    finally:
        daemon.close()


def test_ends_that_disagree_are_told(steady: Daemon, server: PageServer) -> None:
    """Lane counts that differ between the ends of a link are a warning, and the link stays."""
    row = next(row for row in ROWS if row.endswith(b" 1.0"))
    server.body = GOOD.replace(row, row.replace(b'lane_count="4"', b'lane_count="8"'))
    assert "lanes" in steady.wait_for("topology_odd")["oddities"][0]
    assert len(steady.links()) == 6


def test_failures_do_not_slow_it_down(steady: Daemon, server: PageServer) -> None:
    """While the source fails, it is asked as often as before, so that the first good page counts."""
    server.status = 503
    steady.wait_for("topology_unknown")
    served = server.served
    wait_until(lambda: server.served > served + 5, "more fetches")
    server.status = 200
    assert steady.wait_for("topology_known_again")["lasted_seconds"] < 10
