"""The chart's files, as far as they can be held against the program without helm."""

from __future__ import annotations

import json
import subprocess
import sys

import yaml
from support.kubernetes import CHART, ROOT
from support.prometheus import MONITORING

from xelinkd import __version__


def test_schema_is_what_its_source_makes() -> None:
    """Every key of the configuration can be set in the chart's values, and a misspelt one is refused."""
    command = [sys.executable, str(ROOT / "tools" / "chart_schema.py")]
    made = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    assert (CHART / "values.schema.json").read_bytes() == made


def test_every_value_is_in_the_schema() -> None:
    """The values that can be set are those that values.yaml shows."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    shown = yaml.safe_load((CHART / "values.yaml").read_text())
    assert shown.keys() | {"global"} == schema["properties"].keys()
    for name in ("image", "monitoring"):
        assert shown[name].keys() == schema["properties"][name]["properties"].keys()


def test_chart_is_of_this_version() -> None:
    """The chart starts the program that it is delivered with."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == __version__


def test_alerts_and_dashboard_are_the_same_files() -> None:
    """Whoever installs by the chart gets the alerts and the dashboard that are tested."""
    for name in ("xelinkd.rules.yaml", "xelinkd.dashboard.json"):
        assert (CHART / "files" / name).resolve() == MONITORING / name
