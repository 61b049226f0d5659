"""REST where it answers, the page elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.bare_metal import bare_metal, make_nameless

from standins.level_zero import Node
from xelinkd.config.sources import Source
from xelinkd.model.login import WAIT, Answer
from xelinkd.model.observation import Unknown
from xelinkd.model.page import Page
from xelinkd.model.unknown import Reason
from xelinkd.simulator.machine import parse_machine
from xelinkd.sources.auto import PATIENCE, Auto
from xelinkd.sources.level_zero.source import LevelZero
from xelinkd.sources.metrics import metrics
from xelinkd.sources.rest import rest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.bare_metal import BareMetal


@pytest.fixture
def xpum(tmp_path: Path) -> Iterator[BareMetal]:
    """Give an XPU Manager that has both."""
    with bare_metal(tmp_path) as made:
        yield made


class Clock:
    """A clock that stands still until a test moves it."""

    now = 1000.0

    def __call__(self) -> float:
        """Give seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give such a clock."""
    return Clock()


def auto(xpum: BareMetal, clock: Clock, **more: object) -> Auto:
    """Give a source that has the choice."""
    settings = xpum.config("auto", **more).source
    return Auto((rest(settings), metrics(settings)), float(settings.deadline), clock)


def own_page(xpum: BareMetal) -> str:
    """Give the page of the REST server itself, which wants the same password."""
    return xpum.simulator.rest_url.partition("/rest/")[0] + "/metrics"


def test_rest_is_preferred_and_kept(xpum: BareMetal, clock: Clock) -> None:
    """Where REST answers it is taken, said once, and the page is never scraped."""
    source = auto(xpum, clock)
    first, second = source.look(), source.look()
    assert (first.address, first.chosen) == (xpum.simulator.rest_url, "it answers")
    assert (second.address, second.chosen) == (xpum.simulator.rest_url, None)
    assert (xpum.simulator.reads, xpum.simulator.scrapes) == (2, 0)


def test_page_is_taken_where_there_is_no_rest(xpum: BareMetal, clock: Clock) -> None:
    """On a node of the other kind the first look gives the topology already, and why it is not REST."""
    source = auto(xpum, clock, rest_url="https://127.0.0.1:1/rest/v1/topology/xelink")
    seen = source.look()
    assert isinstance(seen.outcome, Page)
    assert (seen.address, seen.login) == (xpum.simulator.url, Answer.NOT_SENT)
    assert str(seen.chosen).startswith("refused: https://127.0.0.1:1/")
    assert not source.sends_login


def test_password_is_never_sent_to_a_server_that_is_not_verified(
    xpum: BareMetal, clock: Clock, tmp_path: Path
) -> None:
    """Where REST has another certificate than the pinned one, nothing is sent, and the page is asked."""
    other = make_nameless(tmp_path, "other")[1]
    seen = auto(xpum, clock, pin_file=str(other)).look()
    assert str(seen.chosen).startswith("tls_certificate: ")
    assert (xpum.simulator.reads, xpum.simulator.refusals) == (0, 0)


def test_refused_password_lets_the_page_take_over(xpum: BareMetal, clock: Clock) -> None:
    """Labels matter more than the way they come; the password is not tried again for five minutes."""
    xpum.password.write_text("wrong")
    source = auto(xpum, clock)
    seen = source.look()
    assert isinstance(seen.outcome, Page)
    assert (seen.login, source.sends_login) == (Answer.REFUSED, False)
    assert str(seen.chosen).startswith("unauthorized: ")
    xpum.simulator.set_mode("error-500")
    source.look()
    for _ in range(2 * PATIENCE):
        outcome = source.look().outcome
    assert isinstance(outcome, Unknown)
    assert (outcome.reason, "; then http://" in outcome.detail) == (Reason.UNAUTHORIZED, True)
    assert xpum.simulator.refusals == 1
    clock.now += WAIT
    assert source.sends_login
    source.look()
    assert xpum.simulator.refusals == 2


def test_no_second_login_where_the_first_failed(xpum: BareMetal, clock: Clock) -> None:
    """Where the page wants the same password, it is not asked after a refusal: that would be another one."""
    xpum.password.write_text("wrong")
    seen = auto(xpum, clock, url=own_page(xpum)).look()
    assert isinstance(seen.outcome, Unknown)
    assert (seen.outcome.reason, xpum.simulator.refusals) == (Reason.UNAUTHORIZED, 1)


def test_choice_is_made_anew_after_some_failures(xpum: BareMetal, clock: Clock) -> None:
    """One failure changes nothing; after three in a row the page takes over, and stays while it works."""
    source = auto(xpum, clock)
    source.look()
    xpum.simulator.set_mode("no-topology")
    source.look()
    xpum.simulator.set_mode("ok")
    assert source.look().address == xpum.simulator.rest_url
    xpum.simulator.stop()
    for _ in range(PATIENCE):
        assert isinstance(source.look().outcome, Unknown)
    xpum.simulator.start()
    xpum.simulator.set_password("another")
    assert source.look().address == xpum.simulator.url
    xpum.simulator.set_password(None)
    assert {source.look().address for _ in range(2 * PATIENCE)} == {xpum.simulator.url}


def test_password_that_is_refused_later(xpum: BareMetal, clock: Clock) -> None:
    """A password that was changed in XPU Manager costs one failed login, then the page takes over."""
    source = auto(xpum, clock)
    source.look()
    xpum.simulator.set_password("another")
    assert source.look().login is Answer.REFUSED
    seen = source.look()
    assert (seen.address, seen.login) == (xpum.simulator.url, None)
    assert str(seen.chosen).startswith("unauthorized: ")
    assert xpum.simulator.refusals == 1


def test_level_zero_is_the_last_resort(xpum: BareMetal, clock: Clock, tmp_path: Path) -> None:
    """Where XPU Manager refuses the password, and its page wants it too, Level Zero gives the topology."""
    xpum.password.write_text("wrong")
    settings = xpum.config("auto", url=own_page(xpum)).source
    node = Node(tmp_path / "level-zero", parse_machine("3x2"))
    source = Auto((rest(settings), metrics(settings), node.source()), 20.0, clock)
    seen = source.look()
    assert isinstance(seen.outcome, Page)
    assert (seen.login, source.sends_login) == (Answer.REFUSED, False)
    assert str(seen.chosen).startswith("unauthorized: ")
    node.tell(node.machine, "zesInit crash")
    outcomes = [source.look().outcome for _ in range(2 * PATIENCE)]
    assert {type(outcome) for outcome in outcomes} == {Unknown}
    assert xpum.simulator.refusals == 1


def test_three_failures_are_told_together(clock: Clock, tmp_path: Path) -> None:
    """Where nobody answers, all are told, under the reason of the one that is preferred."""
    settings = Source(url="http://127.0.0.1:1/metrics", rest_url="https://127.0.0.1:1/rest")
    missing = LevelZero(20, "libze_loader_that_is_not_there.so.1", tmp_path)
    seen = Auto((rest(settings), metrics(settings), missing), 20.0, clock).look()
    assert isinstance(seen.outcome, Unknown)
    assert seen.outcome.reason is Reason.REFUSED
    assert seen.outcome.detail.count("; then ") == 2
    assert "libze_loader_that_is_not_there.so.1" in seen.outcome.detail


def test_two_failures_are_told_together(xpum: BareMetal, clock: Clock) -> None:
    """Where neither answers, both are told, under the reason of the one that is preferred."""
    xpum.simulator.set_mode("no-devices")
    seen = auto(xpum, clock).look()
    assert isinstance(seen.outcome, Unknown)
    assert seen.outcome.reason is Reason.XPUM_ERROR
    assert "; then http://127.0.0.1:" in seen.outcome.detail
    assert seen.chosen is None
