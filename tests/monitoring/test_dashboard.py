"""Grafana's dashboard: its form, what it is made from, and what it asks for."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from support.dashboard import DASHBOARD, FILE, PANELS
from support.metrics import BUSY, families, names_in
from support.prometheus import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


def cells(panel: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Give the cells of Grafana's grid that a panel covers."""
    place = panel["gridPos"]
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y


def test_file_is_what_its_source_makes() -> None:
    """Whoever reads the source reads what Grafana shows."""
    command = [sys.executable, str(ROOT / "tools" / "dashboard.py")]
    made = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    assert FILE.read_bytes() == made


def test_panels_have_places_of_their_own() -> None:
    """Panels neither overlap nor leave the grid, and each has its number."""
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    for one, other in combinations(DASHBOARD["panels"], 2):
        assert set(cells(one)).isdisjoint(cells(other)), (one["title"], other["title"])
    assert all(0 <= x < 24 for panel in PANELS for x, _ in cells(panel))


def test_queries_ask_for_metrics_that_exist() -> None:
    """No panel stays empty because its metric is not there."""
    asked = names_in(" ".join(target["expr"] for panel in PANELS for target in panel["targets"]))
    assert asked <= families(BUSY).keys()


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel['id']}")
def test_panel_is_whole(panel: dict[str, Any]) -> None:
    """Each panel has a title, a Prometheus that people choose, and queries with names of their own."""
    assert panel["title"]
    assert panel["targets"]
    references = [target["refId"] for target in panel["targets"]]
    assert len(set(references)) == len(references)
    for part in (panel, *panel["targets"]):
        assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_variables_are_those_that_are_used() -> None:
    """Every variable that a query or a title uses can be chosen, and none is offered for nothing."""
    offered = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", str(DASHBOARD["panels"]))) - {"__rate_interval"}
    assert used == offered
