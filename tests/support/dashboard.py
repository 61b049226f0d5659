"""Grafana's dashboard, as its file has it."""

from __future__ import annotations

import json
from typing import Any, Final

from support.prometheus import MONITORING

FILE: Final = MONITORING / "xelinkd.dashboard.json"
DASHBOARD: Final[dict[str, Any]] = json.loads(FILE.read_text())
PANELS: Final[list[dict[str, Any]]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions(node: str) -> list[str]:
    """Give all expressions, for one node, as Grafana asks for them."""
    asked = [target["expr"] for panel in PANELS for target in panel["targets"]]
    return [text.replace("$node", node).replace("$__rate_interval", "1m") for text in asked]
