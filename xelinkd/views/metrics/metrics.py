"""The daemon's state for Prometheus. What is not known has no sample: unknown is never 0."""

from __future__ import annotations

import sys
from itertools import chain
from typing import TYPE_CHECKING, Final

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from xelinkd.model.labels import link_lines, pairs_of
from xelinkd.model.unknown import Reason
from xelinkd.state import checks
from xelinkd.state.histogram import OF_A_FETCH, OF_PARSING
from xelinkd.views.metrics.families import counter, counters, gauge, gauges, histogram, info

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import Metric

    from xelinkd.model.topology import Topology
    from xelinkd.state.figures import Figures
    from xelinkd.state.told import State

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
PYTHON: Final = "{}.{}.{}".format(*sys.version_info)


def render(state: State, figures: Mapping[str, Figures]) -> bytes:
    """Give the page of metrics; the figures of processes by their names."""
    return generate_latest(_Page(tuple(_families(state, figures))))


class _Page(Collector):
    """Families as a collector, as prometheus_client wants them."""

    def __init__(self, families: tuple[Metric, ...]) -> None:
        self._families = families

    def collect(self) -> tuple[Metric, ...]:
        return self._families


def _families(state: State, figures: Mapping[str, Figures]) -> Iterator[Metric]:
    return chain(
        _topology(state),
        _links(state),
        _events(state),
        _labels(state),
        _fetches(state),
        _sink(state),
        _config(state),
        _workers(state),
        _daemon(state),
        _processes(state, figures),
    )


def _unix_time(state: State, moment: float | None) -> float | None:
    """Give milliseconds at most: two readings of two clocks are not worth more."""
    return None if moment is None else round(state.wall(moment), 3)


def _is_known(state: State) -> bool | None:
    if state.keeping.ignorance is not None:
        return False
    return None if state.keeping.known_at is None else True


def _known_now(state: State) -> Topology | None:
    return state.history.topology if _is_known(state) else None


def _topology(state: State) -> Iterator[Metric]:
    keeping = state.keeping
    yield gauge("topology_known", "Whether the last observation told the topology.", _is_known(state))
    yield gauges(
        "topology_unknown_since_timestamp_seconds",
        "When the topology came to be unknown, while it is, and why it is so now.",
        ("reason",),
        [((why.reason,), _unix_time(state, why.since))] if (why := keeping.ignorance) else [],
    )
    yield gauge(
        "topology_last_known_timestamp_seconds",
        "When an observation last told the topology.",
        _unix_time(state, keeping.known_at),
    )
    yield gauge(
        "last_observation_timestamp_seconds",
        "When the writer last took an observation, of any outcome.",
        _unix_time(state, keeping.took_at),
    )
    yield info("topology", "The shape of the machine: how many GPUs, and tiles in all.", _shape(state))


def _shape(state: State) -> dict[str, str] | None:
    topology = _known_now(state)
    if topology is None:
        return None
    devices = topology.devices()
    return {"devices": str(len(devices)), "tiles": str(len(topology.tiles))}


def _links(state: State) -> Iterator[Metric]:
    counts = _counts(state)
    yield gauge("links", "XeLinks between tiles.", counts.get("links"))
    yield gauge("lanes", "Lanes of all XeLinks together.", counts.get("lanes"))
    yield gauge("tiles", "Tiles of all GPUs together.", counts.get("tiles"))
    yield gauge("missing_links", "Links lost within a day and not back.", counts.get("missing_links"))
    yield gauge("page_oddities", "Odd things on the page.", counts.get("page_oddities"))


def _counts(state: State) -> dict[str, int]:
    """Give what there is to count; nothing while the topology is unknown."""
    topology = _known_now(state)
    if topology is None:
        return {}
    lanes = topology.lanes_by_link().values()
    return {
        "links": len(lanes),
        "lanes": sum(lanes),
        "tiles": len(topology.tiles),
        "missing_links": len(state.history.missing),
        "page_oddities": len(state.fetching.oddities),
    }


def _events(state: State) -> Iterator[Metric]:
    latest = {event.kind: event.at for event in state.history.events}
    yield gauges(
        "last_event_timestamp_seconds",
        "When an event of this kind last happened.",
        ("event",),
        [((kind,), _unix_time(state, at)) for kind, at in latest.items()],
    )


def _labels(state: State) -> Iterator[Metric]:
    keeping, lease = state.keeping, state.supervision.timing.lease
    end = keeping.end if keeping.end is not None and keeping.end > state.now.boot else None
    lines = () if end is None else keeping.lines
    links = len(pairs_of(lines)) if lines else None
    yield gauge("labels_held", "Whether labels are held, be it those of no link.", end is not None)
    yield gauge("label_links", "Links that the labels held stand for.", links)
    yield gauge("label_parts", "Labels that it takes to name them all.", len(link_lines(lines)) or None)
    yield gauge(
        "lease_end_timestamp_seconds",
        "When the labels are removed, if nothing confirms them until then.",
        _unix_time(state, end),
    )
    yield gauge("lease_duration_seconds", "How long a lease is (lease, in the section of the sink).", lease)


def _fetches(state: State) -> Iterator[Metric]:
    fetching = state.fetching
    unknown = [((reason.value,), fetching.unknown.get(reason, 0)) for reason in Reason]
    yield counters(
        "fetches",
        "Fetches by what came of them: known, or the reason why not.",
        ("outcome",),
        [(("known",), fetching.known), *unknown],
    )
    yield histogram("fetch_duration_seconds", "How long fetches took.", fetching.fetch_seconds, OF_A_FETCH)
    yield histogram(
        "parse_duration_seconds", "How long it took to read the pages.", fetching.parse_seconds, OF_PARSING
    )
    yield gauge("page_size_bytes", "Size of the last page.", fetching.page_bytes or None)
    yield gauge(
        "last_fetch_timestamp_seconds", "When the last fetch ended.", _unix_time(state, fetching.ended_at)
    )
    yield gauge(
        "fetch_interval_seconds",
        "How often it is fetched (source.interval).",
        state.supervision.timing.interval,
    )
    yield gauge(
        "login_waiting",
        "Whether fetches wait because the password was refused.",
        fetching.waits_for_login,
    )


def _sink(state: State) -> Iterator[Metric]:
    keeping = state.keeping
    has_tried = keeping.took_at is not None
    is_failing = keeping.fault is not None
    is_waiting = keeping.waits_for_lock if state.supervision.sink == checks.FEATURE_FILE else None
    yield info("sink", "What the labels go to.", {"kind": state.supervision.sink})
    yield counter("sink_writes", "Times that labels were written.", keeping.writes)
    yield counter("sink_errors", "Times that they could not be looked at or written.", keeping.errors)
    yield gauge(
        "sink_failing",
        "Whether they cannot be looked at or written now.",
        is_failing if is_failing or has_tried else None,
    )
    yield gauge(
        "sink_last_write_timestamp_seconds",
        "When labels were last written.",
        _unix_time(state, keeping.written_at),
    )
    yield gauge("feature_file_lock_waiting", "Whether another xelinkd keeps the feature file.", is_waiting)
    yield gauge(
        "outputs_failing",
        "Outputs that cannot be made or written now.",
        sum(output.fault is not None for output in keeping.outputs),
    )


def _config(state: State) -> Iterator[Metric]:
    configuration = state.supervision.configuration
    yield counters(
        "config_reloads",
        "Times that the configuration was read again, by what came of it.",
        ("outcome",),
        [(("applied",), configuration.reloads), (("refused",), configuration.refusals)],
    )
    yield gauge(
        "config_last_reload_successful",
        "Whether the configuration is in force as the file has it now.",
        not configuration.problems,
    )
    yield gauge(
        "config_last_reload_success_timestamp_seconds",
        "When the configuration in force was applied.",
        _unix_time(state, configuration.applied_at),
    )
    yield info("config", "The SHA-256 of the configuration in force.", {"sha256": configuration.digest})


def _workers(state: State) -> Iterator[Metric]:
    supervision = state.supervision
    yield counters(
        "worker_restarts",
        "Workers that ended by themselves and were replaced, by how they ended.",
        ("worker", "cause"),
        [((end.worker, end.cause), end.times) for end in supervision.ended],
    )
    yield gauges(
        "unit_consecutive_failures",
        "Failures in a row of workers that belong together; 0 after they did their work.",
        ("unit",),
        [((unit.name,), unit.failures if unit.is_failing else 0) for unit in supervision.units],
    )


def _daemon(state: State) -> Iterator[Metric]:
    supervision = state.supervision
    yield info("build", "What is running.", {"version": supervision.version, "python": PYTHON})
    yield gauge("start_time_seconds", "When xelinkd was started.", _unix_time(state, supervision.started_at))
    yield gauge(
        "landlock_abi",
        "What the kernel can hold the workers to: Landlock's ABI, 0 for nothing.",
        supervision.landlock_abi,
    )
    yield gauges(
        "check_passed",
        "Whether a check of a probe (live: /livez, ready: /readyz) passes.",
        ("probe", "check"),
        [
            ((probe, check.name), check.passed)
            for probe, of_probe in (("live", checks.live(state)), ("ready", checks.ready(state)))
            for check in of_probe
        ],
    )


def _processes(state: State, figures: Mapping[str, Figures]) -> Iterator[Metric]:
    started = {process.name: process.since for process in state.supervision.processes}
    yield counters(
        "process_cpu_seconds",
        "Processor time that a process took, in user and kernel mode.",
        ("process",),
        [((name,), found.cpu_seconds) for name, found in figures.items()],
    )
    yield gauges(
        "process_resident_memory_bytes",
        "Resident memory of a process, pages that it shares with others included.",
        ("process",),
        [((name,), found.resident_bytes) for name, found in figures.items()],
    )
    yield gauges(
        "process_open_fds",
        "Open file descriptors of a process.",
        ("process",),
        [((name,), found.open_files) for name, found in figures.items()],
    )
    yield gauges(
        "process_start_time_seconds",
        "When a process was started.",
        ("process",),
        [((name,), _unix_time(state, since)) for name, since in started.items()],
    )
