"""Prints Grafana's dashboard of xelinkd: tools/dashboard.py >deployments/monitoring/xelinkd.dashboard.json.

Written down here as rows of panels; their places and numbers follow from that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

WIDTH: Final = 24  # columns of Grafana's grid
NODE: Final = '{instance="$node"}'
YES_NO: Final = {"0": {"text": "no", "color": "red"}, "1": {"text": "yes", "color": "green"}}
NO_YES: Final = {"0": {"text": "no", "color": "green"}, "1": {"text": "yes", "color": "red"}}


@dataclass(frozen=True)
class Panel:
    """What a panel shows: queries as (expression, legend)."""

    title: str
    kind: str
    queries: tuple[tuple[str, str], ...]
    width: int
    unit: str = "short"
    height: int = 8
    description: str = ""
    words: dict[str, dict[str, str]] | None = None  # for values
    stacked: bool = False


def figure(title: str, expression: str, description: str, unit: str = "short", **more: Any) -> Panel:  # noqa: ANN401
    """Make a panel of one big figure."""
    return Panel(title, "stat", ((expression, ""),), 4, unit, 4, description, **more)


def chart(title: str, *queries: tuple[str, str], unit: str = "short", width: int = 12, **more: Any) -> Panel:  # noqa: ANN401
    """Make a panel of curves."""
    return Panel(title, "timeseries", queries, width, unit, **more)


def quantiles(what: str) -> list[tuple[str, str]]:
    """Ask for the median and the 99th percentile of how long something took on the node."""
    rates = f"rate(xelinkd_{what}_duration_seconds_bucket{NODE}[$__rate_interval])"
    return [
        (f"histogram_quantile({quantile}, {rates})", f"{what}, {words}")
        for quantile, words in ((0.5, "median"), (0.99, "99 %"))
    ]


ALL_NODES: Final = (
    figure("Nodes answering", 'sum(up{job="xelinkd"})', "Nodes whose xelinkd could be scraped."),
    figure(
        "Topology unknown",
        "count(xelinkd_topology_known == 0) or vector(0)",
        "Nodes whose XPU Manager does not tell the topology now. Their labels stay, on their lease.",
    ),
    figure(
        "Without labels",
        "count(xelinkd_labels_held == 0) or vector(0)",
        "Nodes that schedulers see no links of.",
    ),
    figure("Missing links", "sum(xelinkd_missing_links)", "Links lost within a day and not back."),
    figure(
        "Shortest lease left",
        "min(xelinkd_lease_end_timestamp_seconds - time())",
        "Until the first node's labels are removed, if nothing confirms them.",
        "s",
    ),
    figure(
        "Kinds of configuration",
        "count(count by (sha256) (xelinkd_config_info))",
        "Different configurations in force; 1 where all nodes have the same.",
    ),
    chart(
        "Nodes by links",
        ('count_values("links", xelinkd_links)', "{{links}} links"),
        description="How many nodes have so many links. Nodes of which it is not known are left out.",
        stacked=True,
    ),
    chart(
        "Changes of links in an hour",
        ("changes(xelinkd_links[1h]) > 0", "{{instance}}"),
        description="A link that goes and comes back is two changes.",
    ),
    chart(
        "Failed fetches by reason",
        (
            'sum by (outcome) (rate(xelinkd_fetches_total{outcome!="known"}[$__rate_interval])) > 0',
            "{{outcome}}",
        ),
        unit="reqps",
        description="docs/logging.md says what each reason means.",
    ),
    chart(
        "Lease left",
        ("xelinkd_lease_end_timestamp_seconds - time()", "{{instance}}"),
        unit="s",
        description="It runs down while nothing confirms a node's labels.",
    ),
    Panel(
        "Nodes",
        "table",
        (
            ("sum by (instance) (xelinkd_links)", "links"),
            ("sum by (instance) (xelinkd_missing_links)", "missing"),
            ("sum by (instance) (xelinkd_topology_known)", "topology known"),
            ("min by (instance) (xelinkd_lease_end_timestamp_seconds - time())", "lease left, seconds"),
            ("sum by (instance) (increase(xelinkd_worker_restarts_total[1d]))", "workers replaced in a day"),
        ),
        WIDTH,
        description="What is not known is empty.",
    ),
)

ONE_NODE: Final = (
    figure(
        "Topology known", "xelinkd_topology_known" + NODE, "Whether XPU Manager tells it now.", words=YES_NO
    ),
    figure("Links", "xelinkd_links" + NODE, "Empty while it is not known."),
    figure("Missing links", "xelinkd_missing_links" + NODE, "The status page of the node draws them."),
    figure(
        "Lease left",
        f"xelinkd_lease_end_timestamp_seconds{NODE} - time()",
        "Until the labels are removed.",
        "s",
    ),
    figure(
        "Configuration good",
        "xelinkd_config_last_reload_successful" + NODE,
        "Whether the file can be used as it is now.",
        words=YES_NO,
    ),
    figure(
        "Labels cannot be written",
        "xelinkd_sink_failing" + NODE,
        "Whether the feature file (or the object) cannot be read or written now.",
        words=NO_YES,
    ),
    chart(
        "Links",
        ("xelinkd_links" + NODE, "links"),
        ("xelinkd_label_links" + NODE, "links in the labels"),
        ("xelinkd_missing_links" + NODE, "missing"),
        description="Labels go on naming the links last known, while the topology is unknown.",
    ),
    chart("Lanes", ("xelinkd_lanes" + NODE, "lanes"), description="Of all links together."),
    chart(
        "Fetches by outcome",
        (f"rate(xelinkd_fetches_total{NODE}[$__rate_interval]) > 0", "{{outcome}}"),
        unit="reqps",
        stacked=True,
    ),
    chart(
        "How long fetching and reading take",
        *quantiles("fetch"),
        *quantiles("parse"),
        unit="s",
    ),
    Panel(
        "Checks of the probes",
        "state-timeline",
        (("xelinkd_check_passed" + NODE, "{{probe}}: {{check}}"),),
        12,
        words=YES_NO,
        description="/readyz?verbose on the node says why one fails.",
    ),
    Panel(
        "Since the last events",
        "bargauge",
        ((f"time() - xelinkd_last_event_timestamp_seconds{NODE}", "{{event}}"),),
        12,
        "s",
    ),
    chart(
        "Workers replaced in an hour",
        (f"increase(xelinkd_worker_restarts_total{NODE}[1h]) > 0", "{{worker}}: {{cause}}"),
    ),
    chart(
        "Writes of labels in an hour",
        (f"increase(xelinkd_sink_writes_total{NODE}[1h])", "writes"),
        (f"increase(xelinkd_sink_errors_total{NODE}[1h])", "errors"),
        description="Each write wakes NFD: a steady node writes twice a day.",
    ),
    chart(
        "Processor",
        (f"rate(xelinkd_process_cpu_seconds_total{NODE}[$__rate_interval])", "{{process}}"),
        unit="percentunit",
        width=8,
    ),
    chart(
        "Resident memory",
        ("xelinkd_process_resident_memory_bytes" + NODE, "{{process}}"),
        unit="bytes",
        width=8,
        description="Pages that processes share count for each of them.",
    ),
    chart("Open descriptors", ("xelinkd_process_open_fds" + NODE, "{{process}}"), width=8),
)

ROWS: Final = {"All nodes": ALL_NODES, "Node $node": ONE_NODE}
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


def dashboard() -> dict[str, Any]:
    """Give the dashboard as Grafana imports it."""
    return {
        "title": "xelinkd",
        "uid": "xelinkd",
        "description": "XeLink labels: whether they are true, and for how long they hold.",
        "tags": ["xelinkd"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [data_source(), nodes()]},
        "panels": panels(),
    }


def data_source() -> dict[str, Any]:
    """Let people choose the Prometheus."""
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def nodes() -> dict[str, Any]:
    """Let people choose the node whose details are shown."""
    return {
        "name": "node",
        "label": "Node",
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": "label_values(xelinkd_build_info, instance)", "refId": "nodes"},
        "refresh": 2,
        "sort": 1,
    }


def panels() -> list[dict[str, Any]]:
    """Set the rows one below the other, and the panels of each from left to right."""
    numbers, placed, y = count(1), [], 0
    for title, row in ROWS.items():
        placed.append(heading(next(numbers), title, y))
        x, y = 0, y + 1
        for panel, following in zip(row, (*row[1:], None), strict=True):
            placed.append(shown(next(numbers), panel, x, y))
            x += panel.width
            if following is None or x + following.width > WIDTH:
                x, y = 0, y + panel.height
    return placed


def heading(number: int, title: str, y: int) -> dict[str, Any]:
    """Give the title of a row."""
    place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}


def shown(number: int, panel: Panel, x: int, y: int) -> dict[str, Any]:
    """Give a panel as Grafana has it."""
    is_table = panel.kind == "table"
    made = {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "fieldConfig": {"defaults": defaults(panel), "overrides": []},
        "targets": [target(*query, n, is_table=is_table) for n, query in enumerate(panel.queries)],
    }
    return made | ({"transformations": one_row_a_node(panel)} if is_table else {})


def defaults(panel: Panel) -> dict[str, Any]:
    """Give unit, words for values, and how curves are drawn."""
    words = [{"type": "value", "options": panel.words}] if panel.words else []
    drawn = {"fillOpacity": 40, "stacking": {"mode": "normal"}} if panel.stacked else {}
    return {"unit": panel.unit, "mappings": words, "custom": drawn}


def target(expression: str, legend: str, number: int, *, is_table: bool) -> dict[str, Any]:
    """Give a query; a table asks for the present alone."""
    form = {"format": "table", "instant": True} if is_table else {"legendFormat": legend}
    return {"refId": chr(ord("A") + number), "datasource": SOURCE, "expr": expression, **form}


def one_row_a_node(panel: Panel) -> list[dict[str, Any]]:
    """Join the answers of a table's queries by node, and name their columns."""
    names = {f"Value #{chr(ord('A') + n)}": name for n, (_, name) in enumerate(panel.queries)}
    unused = {f"Time {n}": True for n in range(1, len(names) + 1)}
    return [
        {"id": "joinByField", "options": {"byField": "instance", "mode": "outer"}},
        {
            "id": "organize",
            "options": {"excludeByName": unused, "renameByName": {"instance": "node"} | names},
        },
    ]


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=2))
