"""The alerts: when they fire, what they are made of, and what they send people to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.metrics import BUSY, families, names_in
from support.prometheus import ROOT, RULES, needs_prometheus, promtool

pytestmark = pytest.mark.once

TESTS = Path(__file__).with_name("rules.test.yaml")
ALERTS = re.findall(r"- alert: (\w+)", RULES.read_text())


def sections() -> dict[str, str]:
    """Give the runbook's sections by their titles."""
    parts = re.split(r"^## (.+)\n", (ROOT / "docs" / "runbook.md").read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


@needs_prometheus
def test_alerts_fire_when_they_should() -> None:
    """Each alert fires in its case, names the node, and is silent on a good day."""
    promtool("test", "rules", TESTS)


@needs_prometheus
def test_prometheus_takes_the_rules() -> None:
    """The file of rules loads as it is."""
    promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)


def test_every_alert_is_tried() -> None:
    """No alert is delivered that nobody saw fire."""
    assert set(ALERTS) == set(re.findall(r"\bXelinkd\w+", TESTS.read_text()))


def test_rules_ask_for_metrics_that_exist() -> None:
    """No alert stays silent because its metric is not there."""
    assert names_in(RULES.read_text()) <= families(BUSY).keys()


def test_every_alert_has_its_section_in_the_runbook() -> None:
    """Whoever is woken finds what to do, in a section that the alert points to; there are no others."""
    assert list(sections()) == ALERTS
    pointers = re.findall(r"runbook: (\S+)", RULES.read_text())
    assert pointers == [f"docs/runbook.md#{alert.lower()}" for alert in ALERTS]


@pytest.mark.parametrize("alert", ALERTS)
def test_section_says_what_it_means_and_what_to_do(alert: str) -> None:
    """A section tells what happened, what it does to the labels, and what to do."""
    section = sections()[alert]
    assert all(f"**{part}**" in section for part in ("What it means.", "The labels.", "What to do."))
