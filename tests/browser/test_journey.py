"""The page of a real daemon beside a simulated XPU Manager, through what a node may go through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.server import Simulator, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page
    from support.daemon import Daemon
    from support.sight import Opener, Sight

PATHS = ("/", "/topology.svg", "/topology.json", "/status.json", "/metrics", "/readyz")


@pytest.fixture
def xpum() -> Iterator[Simulator]:
    """Give an XPU Manager with the 8x2 mesh: 56 links."""
    with serving(parse_machine("8x-max1550")) as simulator:
        yield simulator


@pytest.fixture
def served(daemon: Daemon) -> Daemon:
    """Give a daemon that serves its status, and is ready."""
    daemon.serve_status().start()
    daemon.wait_for_answer("/readyz", lambda code, _: code == 200)
    return daemon


def strands(page: Page) -> int:
    """Count the links that are drawn as there."""
    drawn = page.locator("svg .links .link").evaluate_all(
        "paths => paths.map(path => path.getAttribute('d').split('M').length - 1)"
    )
    total: int = sum(drawn)
    return total


def lost(page: Page) -> Locator:
    """Find the links that are drawn as missing."""
    return page.locator("svg .missing .lost")


def look_again(sight: Sight) -> Page:
    """Follow the page's own link to a new one."""
    sight.page.get_by_role("link", name="Look again").click()
    return sight.page


def wait_for_topology(daemon: Daemon, text: str) -> None:
    """Wait until the daemon tells this of the topology."""
    daemon.wait_for_answer("/topology.json", lambda _, body: text in body)


def test_a_node_through_good_and_bad(look: Opener, served: Daemon, xpum: Simulator) -> None:
    """One page tells it all: the whole mesh, the link that fails, the XPU Manager that dies, the good end."""
    sight = look.visit(f"http://{served.listen}")
    page = sight.page
    assert page.title() == "✓ 56 links - xelinkd"
    assert (page.locator("svg .card").count(), page.locator("svg .tile").count()) == (8, 16)
    assert all(card.is_visible() for card in page.locator("svg .card").all())
    assert (strands(page), lost(page).count()) == (56, 0)

    xpum.set_link("0.0-3.0", up=False)
    wait_for_topology(served, '"link_lost"')
    look_again(sight)
    assert page.title() == "! 1 link missing - xelinkd"
    assert page.get_by_text("1 link is missing: 0.0-3.0.").is_visible()
    assert lost(page).is_visible()
    assert (strands(page), page.get_by_role("cell", name="missing").count()) == (55, 2)
    sight.keep("journey-link-lost")

    xpum.stop()
    wait_for_topology(served, '"refused"')
    look_again(sight)
    assert page.title() == "! topology unknown - xelinkd"
    assert page.get_by_text("The topology is unknown for").first.is_visible()
    assert page.get_by_text("The labels hold until").is_visible()
    assert strands(page) == 55  # what was last known, and said to be that
    sight.keep("journey-source-dead")

    xpum.set_link("0.0-3.0", up=True)
    xpum.start()
    wait_for_topology(served, '"link_back"')
    look_again(sight)
    assert page.title() == "✓ 56 links - xelinkd"
    assert re.match(r"link 0.0-3.0 lost \d\d:\d\d:\d\d, back", page.locator(".link_back").inner_text())
    assert (strands(page), lost(page).count(), sight.complaints) == (56, 0, [])


@pytest.mark.parametrize("path", PATHS)
def test_the_browser_takes_every_answer_as_it_is(look: Opener, served: Daemon, path: str) -> None:
    """With the headers that the daemon sends, no error, no breach of the policy, no request but the one."""
    sight = look.visit(f"http://{served.listen}", path)
    assert sight.complaints == []
    assert sight.requests == [sight.site + path]
