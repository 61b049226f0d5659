"""The page of metrics, and its description."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.metrics import BUSY, FIGURES, UNKNOWN, families, value
from support.states import FETCHING, GOOD, KEEPING, NOW, SUPERVISION, changed, replace, topology

from xelinkd.model.unknown import Reason
from xelinkd.state.histogram import OF_A_FETCH, OF_PARSING, Histogram
from xelinkd.state.history import History, Kind
from xelinkd.state.told import Fault, Fetching, Keeping, Output
from xelinkd.views.metrics.metrics import render

if TYPE_CHECKING:
    from xelinkd.state.told import State

DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"
STARTING = replace(GOOD, fetching=Fetching(), keeping=Keeping(), history=History())
OF_THE_TOPOLOGY = {
    f"xelinkd_{name}" for name in ("links", "lanes", "tiles", "missing_links", "page_oddities")
}


class Row(NamedTuple):
    """One row of the tables."""

    type: str
    labels: set[str]
    unit: str
    meaning: str
    no_sample: str
    series: int


def documented() -> dict[str, Row]:
    """Read the tables."""
    lines = [line for line in DOCS.read_text().splitlines() if line.startswith("| `xelinkd_")]
    names = [line.split("`")[1] for line in lines]
    assert len(set(names)) == len(names)
    return dict(zip(names, map(row, lines), strict=True))


def row(line: str) -> Row:
    """Read a row's cells behind the name."""
    kind, labels, unit, meaning, no_sample, series = (cell.strip() for cell in line.strip("|").split("|")[1:])
    return Row(kind, set(re.findall(r"\w+", labels)), unit, meaning, no_sample, int(series))


def absent(state: State) -> set[str]:
    """Name the metrics that have no sample."""
    return {name for name, family in families(state).items() if not family.samples}


def series() -> dict[str, int]:
    """Count the series of the two fullest states."""
    known, unknown = families(BUSY), families(UNKNOWN)
    return {name: max(len(known[name].samples), len(unknown[name].samples)) for name in known}


# What is on the page.


def test_topology_is_told() -> None:
    """A query finds links, lanes, tiles and the machine's shape."""
    expected = {"links": 6, "lanes": 48, "tiles": 6, "missing_links": 0, "topology_known": 1}
    assert {name: value(GOOD, f"xelinkd_{name}") for name in expected} == expected
    assert value(GOOD, "xelinkd_topology_info", devices="3", tiles="6") == 1


def test_labels_and_their_lease_are_told() -> None:
    """An alert can be made of how long the labels hold."""
    assert value(GOOD, "xelinkd_label_links") == 6
    assert value(GOOD, "xelinkd_label_parts") == 1
    summed = replace(GOOD, keeping=changed(KEEPING, lines=(*KEEPING.lines, "gpu.intel.com/xelink-count=6")))
    assert (value(summed, "xelinkd_label_links"), value(summed, "xelinkd_label_parts")) == (6, 1)
    left = (value(GOOD, "xelinkd_lease_end_timestamp_seconds") or 0) - NOW.wall
    assert left == 86_395
    assert value(GOOD, "xelinkd_lease_duration_seconds") == 86_400


def test_unknown_is_not_no_links() -> None:
    """While XPU Manager tells nothing, no number of links is claimed, and the labels held still are."""
    assert value(UNKNOWN, "xelinkd_topology_known") == 0
    assert absent(UNKNOWN) - absent(BUSY) == {*OF_THE_TOPOLOGY, "xelinkd_topology_info"}
    assert (
        value(UNKNOWN, "xelinkd_topology_unknown_since_timestamp_seconds", reason="refused")
        == NOW.wall - 1000
    )
    assert value(UNKNOWN, "xelinkd_label_links") == 6


def test_no_links_is_zero() -> None:
    """A machine without a XeLink has 0 links, for sure, and labels that say so."""
    keeping = changed(KEEPING, lines=("gpu.intel.com/xe-links=",))
    state = replace(GOOD, history=History(topology([])), keeping=keeping)
    assert value(state, "xelinkd_links") == value(state, "xelinkd_label_links") == 0
    assert value(state, "xelinkd_label_parts") == 1


def test_start_claims_nothing() -> None:
    """Before the first observation nothing is claimed that is not known."""
    assert absent(STARTING) - absent(GOOD) == {
        *OF_THE_TOPOLOGY,
        "xelinkd_topology_info",
        "xelinkd_topology_known",
        "xelinkd_topology_last_known_timestamp_seconds",
        "xelinkd_last_observation_timestamp_seconds",
        "xelinkd_label_links",
        "xelinkd_label_parts",
        "xelinkd_lease_end_timestamp_seconds",
        "xelinkd_page_size_bytes",
        "xelinkd_last_fetch_timestamp_seconds",
        "xelinkd_sink_failing",
        "xelinkd_sink_last_write_timestamp_seconds",
    }
    assert value(STARTING, "xelinkd_labels_held") == 0


def test_outputs_that_fail_are_counted() -> None:
    """An alert finds an output that cannot be written; `xelinkd status` says which."""
    outputs = tuple(Output("json", f"/{n}", fault=Fault("full", 1.0) if n else None) for n in range(3))
    assert value(replace(GOOD, keeping=changed(KEEPING, outputs=outputs)), "xelinkd_outputs_failing") == 2
    assert value(GOOD, "xelinkd_outputs_failing") == 0


def test_last_events_are_told_by_kind() -> None:
    """A query finds when a link was last lost, or the source last failed."""
    assert value(BUSY, "xelinkd_last_event_timestamp_seconds", event="link_lost") == NOW.wall - 800
    assert absent(GOOD) >= {"xelinkd_last_event_timestamp_seconds"}


def test_lease_that_is_over_is_not_told() -> None:
    """Labels whose lease has ended are not told as held, though the writer may not have removed them yet."""
    over = replace(GOOD, keeping=changed(KEEPING, end=NOW.boot))
    assert value(over, "xelinkd_labels_held") == 0
    assert absent(over) >= {
        "xelinkd_label_links",
        "xelinkd_label_parts",
        "xelinkd_lease_end_timestamp_seconds",
    }


def test_fetches_are_told_by_outcome() -> None:
    """Every outcome has its counter from the start, so that the first failure is seen as an increase."""
    expected = {str(reason): 0.0 for reason in Reason} | {"known": 599.0, "refused": 3.0}
    samples = families(UNKNOWN)["xelinkd_fetches_total"].samples
    assert {sample.labels["outcome"]: sample.value for sample in samples} == expected


@pytest.mark.parametrize(
    ("name", "bounds"),
    [("fetch", OF_A_FETCH), ("parse", OF_PARSING)],
)
def test_histograms_are_cumulative(name: str, bounds: tuple[float, ...]) -> None:
    """A quantile can be computed from the buckets: each counts all below it, the last counts all."""
    told = Histogram(tuple(range(1, len(bounds) + 2)), 12.5)
    state = replace(GOOD, fetching=changed(FETCHING, **{f"{name}_seconds": told}))
    name = f"xelinkd_{name}_duration_seconds"
    samples = families(state)[name].samples
    buckets = {float(sample.labels["le"]): sample.value for sample in samples if "le" in sample.labels}
    assert list(buckets) == [*bounds, float("inf")]
    assert list(buckets.values()) == [sum(told.counts[: n + 1]) for n in range(len(told.counts))]
    assert value(state, f"{name}_count") == sum(told.counts)
    assert value(state, f"{name}_sum") == 12.5


def test_extreme_figures_that_a_fetcher_made_up_are_told_as_they_are() -> None:
    """Whatever figures can come through a pipe can be put on the page."""
    most, latest = 2**62, 1e15
    told = Histogram((most,) * (len(OF_A_FETCH) + 1), latest)
    fetching = Fetching(most, dict.fromkeys(Reason, most), told, page_bytes=most, ended_at=latest)
    state = replace(GOOD, fetching=fetching, history=History(topology([(0, 1)], lanes=2**64 - 1)))
    assert value(state, "xelinkd_lanes") == 2.0 * (2**64 - 1)
    assert value(state, "xelinkd_fetch_duration_seconds_count") == most * (len(OF_A_FETCH) + 1)
    assert value(state, "xelinkd_last_fetch_timestamp_seconds") == latest + NOW.offset


def test_refused_configuration_is_told() -> None:
    """An alert can be made of a configuration that does not apply."""
    configuration = changed(SUPERVISION.configuration, problems=("labels.min_lanes: ...",), refusals=2)
    state = replace(GOOD, supervision=changed(SUPERVISION, configuration=configuration))
    assert value(state, "xelinkd_config_last_reload_successful") == 0
    assert value(state, "xelinkd_config_reloads_total", outcome="refused") == 2
    assert value(state, "xelinkd_check_passed", probe="ready", check="config") == 0


def test_workers_that_ended_are_told() -> None:
    """A crash loop shows, with the worker and how it ended."""
    assert value(BUSY, "xelinkd_worker_restarts_total", worker="fetcher", cause="SIGKILL") == 3
    assert value(BUSY, "xelinkd_unit_consecutive_failures", unit="pipeline") == 2


def test_processes_are_told() -> None:
    """What each process takes can be seen, as far as it could be read."""
    assert value(BUSY, "xelinkd_process_cpu_seconds_total", process="writer") == 1.5
    assert value(BUSY, "xelinkd_process_start_time_seconds", process="writer") == NOW.wall - 6000
    old_kernel = {"writer": replace(FIGURES["writer"], open_files=None)}
    assert families(BUSY, old_kernel)["xelinkd_process_open_fds"].samples == []


def test_moments_are_told_to_the_millisecond() -> None:
    """A scrape that reads the clocks some microseconds apart gives the same times as the one before."""
    later = replace(GOOD, now=replace(NOW, wall=NOW.wall + 0.0001))
    assert render(later, {}) == render(GOOD, {})


# Its form.


@pytest.mark.parametrize("state", [GOOD, STARTING, UNKNOWN, BUSY])
def test_no_series_is_there_twice(state: State) -> None:
    """Prometheus takes the page: it refuses one that has a series twice."""
    samples = [sample for family in families(state).values() for sample in family.samples]
    names = [(sample.name, *sorted(sample.labels.items())) for sample in samples]
    assert len(set(names)) == len(names)


def test_metrics_are_named_by_the_conventions() -> None:
    """Whoever knows Prometheus' conventions knows the unit and the type of a metric by its name."""
    for name, family in families(BUSY).items():
        assert re.fullmatch(r"xelinkd(_[a-z0-9]+)+", name)
        assert (family.type == "counter") == name.endswith("_total")
        assert not re.search(
            r"_(count|sum|bucket|gauge|counter|histogram|millis\w*|minutes|kb|mib)(_|$)", name
        )
        assert family.documentation.endswith(".")
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", label) for s in family.samples for label in s.labels)


def test_each_family_is_there_once() -> None:
    """Each family stands together, with its type before its samples, as the format asks."""
    read = [family.name for family in text_string_to_metric_families(render(BUSY, FIGURES).decode())]
    assert len(set(read)) == len(read)


# Its description.


def test_every_metric_is_documented() -> None:
    """Whoever finds a metric finds it in the description, which has no others."""
    assert documented().keys() == families(BUSY).keys()


def test_description_has_types_labels_and_meanings() -> None:
    """The description says the same as the page."""
    known, unknown = families(BUSY), families(UNKNOWN)
    for name, family in known.items():
        samples = [*family.samples, *unknown[name].samples]
        labels = {label for sample in samples for label in sample.labels} - {"le"}
        found = documented()[name]
        assert (found.type, found.labels, found.meaning) == (family.type, labels, family.documentation)


def test_units_are_as_the_names_say() -> None:
    """The unit in the description fits the name."""
    for name, found in documented().items():
        is_time = name.endswith(("_timestamp_seconds", "_start_time_seconds"))
        assert (found.unit == "Unix time") == is_time, name
        assert (found.unit == "seconds") == (not is_time and bool(re.search(r"_seconds(_total)?$", name))), (
            name
        )
        assert (found.unit == "bytes") == name.endswith("_bytes"), name
        assert (found.unit == "always 1") == name.endswith("_info"), name


def test_every_event_is_documented() -> None:
    """Whoever asks for an event finds its name."""
    assert all(f"`{kind}`" in DOCS.read_text() for kind in Kind)


def test_cardinality_is_as_documented() -> None:
    """Whoever plans Prometheus' memory can rely on the numbers of series."""
    assert series() == {name: found.series for name, found in documented().items()}
    assert f"at most {sum(series().values())} together" in DOCS.read_text().replace("\n", " ")


def test_what_is_always_there_is_documented_so() -> None:
    """A metric without a sample never comes as a surprise: its row says when it has none."""
    never = {name for name, found in documented().items() if found.no_sample == "never"}
    assert never.isdisjoint(absent(STARTING) | absent(UNKNOWN))
