"""A real Prometheus, which scrapes xelinkd and is given what we deliver."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from support.daemon import wait_until
from support.dashboard import expressions
from support.metrics import BUSY, FIGURES, families
from support.prometheus import Prometheus, needs_prometheus, running, serving_metrics

from xelinkd.model.lease import Instant
from xelinkd.views.metrics.metrics import render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.daemon import Daemon

pytestmark = [needs_prometheus, pytest.mark.once]


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, str]]:
    """Give a Prometheus that has scraped a busy node several times, and the node's name."""
    state = replace(BUSY, now=Instant(BUSY.now.boot, time.time()))
    with serving_metrics(render(state, FIGURES)) as node, running(tmp_path_factory.mktemp("p"), node) as made:
        wait_until(lambda: made.query("count_over_time(xelinkd_links[1m]) > 2"), "some scrapes")
        yield made, node


def test_page_is_scraped(scraped: tuple[Prometheus, str]) -> None:
    """Prometheus takes every series of the page, as it is on the page."""
    prometheus, node = scraped
    found = prometheus.query(f'count({{__name__=~"xelinkd_.+", instance="{node}"}})')
    assert int(found[0]["value"][1]) == sum(len(family.samples) for family in families(BUSY).values())
    assert prometheus.query('up{job="xelinkd"}')[0]["value"][1] == "1"


def test_rules_are_evaluated_without_a_fault(scraped: tuple[Prometheus, str]) -> None:
    """Every rule can be evaluated on a real page, and no alert is raised by a node that is well."""
    prometheus, _ = scraped
    wait_until(lambda: all(rule["health"] != "unknown" for rule in prometheus.rules()), "an evaluation")
    rules = prometheus.rules()
    assert [rule.get("lastError", "") for rule in rules] == [""] * len(rules)
    assert {rule["name"] for rule in rules if rule["type"] == "alerting" and rule["alerts"]} == set()
    assert prometheus.query("instance_tiles:xelinkd_links:max")[0]["value"][1] == "6"


def test_dashboard_has_something_to_show(scraped: tuple[Prometheus, str]) -> None:
    """Every query of the dashboard has an answer, once what hides zeros is taken from it."""
    prometheus, node = scraped
    asked = [expression.removesuffix(" > 0") for expression in expressions(node)]
    assert [expression for expression in asked if not prometheus.query(expression)] == []


def test_real_daemon_is_scraped(daemon: Daemon, tmp_path: Path) -> None:
    """Prometheus scrapes a xelinkd that runs, sees its links, and has nothing to alert of."""
    daemon.serve_status().start()
    daemon.wait_for_answer("/readyz", lambda code, _: code == 200)
    with running(tmp_path, daemon.listen) as prometheus:
        wait_until(lambda: prometheus.query("xelinkd_links"), "a scrape")
        assert prometheus.query("up")[0]["value"][1] == "1"
        assert prometheus.query("xelinkd_links")[0]["value"][1] == "6"
        assert prometheus.query('sum(xelinkd_fetches_total{outcome!="known"})')[0]["value"][1] == "0"
        wait_until(lambda: all(rule["health"] != "unknown" for rule in prometheus.rules()), "an evaluation")
        wait_until(lambda: prometheus.query("ALERTS") == [], "no alert, not even a pending one")
