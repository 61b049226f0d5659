"""XPU Manager's REST server as a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from support.bare_metal import bare_metal

from xelinkd.config.schema import Config
from xelinkd.config.sources import Source
from xelinkd.model.login import Answer
from xelinkd.model.observation import Unknown
from xelinkd.model.page import Page
from xelinkd.model.unknown import Reason
from xelinkd.sources.kinds import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.bare_metal import BareMetal


@pytest.fixture
def xpum(tmp_path: Path) -> Iterator[BareMetal]:
    """Give an XPU Manager of the bare-metal package."""
    with bare_metal(tmp_path) as made:
        yield made


def test_same_topology_as_the_page(xpum: BareMetal) -> None:
    """Over https with pin and password, REST tells what the page tells; the page is not scraped for it."""
    rest = source_of(xpum.config()).look()
    assert xpum.simulator.scrapes == 0
    page = source_of(xpum.config("metrics", user="", password_file="", pin_file="")).look()
    assert isinstance(rest.outcome, Page)
    assert isinstance(page.outcome, Page)
    assert rest.outcome.topology == replace(page.outcome.topology, cards=())
    assert (rest.login, rest.address) == (Answer.ACCEPTED, xpum.simulator.rest_url)


def test_page_of_the_same_server(xpum: BareMetal) -> None:
    """The bare-metal server's own page is asked with the same pin and password."""
    url = xpum.simulator.rest_url.partition("/rest/")[0] + "/metrics"
    seen = source_of(xpum.config("metrics", url=url)).look()
    assert isinstance(seen.outcome, Page)
    assert seen.login is Answer.ACCEPTED


def test_error_of_xpu_manager(xpum: BareMetal) -> None:
    """A topology call that failed is unknown, in XPU Manager's words; the credentials were fine."""
    xpum.simulator.set_mode("no-topology")
    seen = source_of(xpum.config()).look()
    assert isinstance(seen.outcome, Unknown)
    assert (seen.outcome.reason, seen.login) == (Reason.XPUM_ERROR, Answer.ACCEPTED)
    assert "'Fail to get xelink topology.'" in seen.outcome.detail


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n<html>", Reason.HTTP_STATUS, 'source.kind = "metrics"'),
        (b"HTTP/1.1 400 Bad\r\n\r\n<html>", Reason.HTTP_STATUS, "'<html>'"),
        (b"HTTP/1.1 500 Bad\r\n\r\n{}", Reason.HTTP_STATUS, "status 500"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[", Reason.TRUNCATED, "cut"),
        (b"HTTP/1.1 200 OK\r\n\r\n[" + b" " * (1 << 20), Reason.TOO_LARGE, "larger"),
    ],
)
def test_answers_of_others(serve: Callable[..., int], answer: bytes, reason: Reason, words: str) -> None:
    """The same bounds hold as for a page, and a container's exporter, which has no REST, is recognised."""
    settings = Source(kind="rest", rest_url=f"http://127.0.0.1:{serve(answer)}/rest", max_page_mib=1)
    outcome = source_of(Config(source=settings)).look().outcome
    assert isinstance(outcome, Unknown)
    assert (outcome.reason, words in outcome.detail) == (reason, True), outcome
