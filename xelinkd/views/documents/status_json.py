"""`/status.json`: all that is known of the daemon at one moment, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from xelinkd.config.sinks import FEATURE_FILE
from xelinkd.model.labels import ends_of, pairs_of
from xelinkd.state import checks
from xelinkd.state.histogram import OF_A_FETCH, OF_PARSING
from xelinkd.views.documents import status_document as shown
from xelinkd.views.gpus import gpus
from xelinkd.views.words import stamp, stamp_if_any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xelinkd.model.topology import Tile
    from xelinkd.state import history, told
    from xelinkd.state.histogram import Histogram
    from xelinkd.state.told import State


CONTENT_TYPE: Final = "application/json"


def render(state: State) -> bytes:
    """Give the document as JSON, in one line."""
    return msgspec.json.encode(document(state)) + b"\n"


def document(state: State) -> shown.Document:
    """Put the document together."""
    return shown.Document(
        version=shown.VERSION,
        name=shown.NAME,
        time=stamp(state, state.now.boot),
        boot_seconds=_rounded(state.now.boot),
        live=_verdict(checks.live(state)),
        ready=_verdict(checks.ready(state)),
        source=_source(state),
        fetches=_fetches(state),
        labels=_labels(state),
        sink=_sink(state),
        feature_file=_feature_file(state) if state.supervision.sink == FEATURE_FILE else None,
        topology=_topology(state),
        events=tuple(_event(state, event) for event in state.history.events),
        configuration=_configuration(state),
        daemon=_daemon(state),
        outputs=tuple(_output(state, output) for output in state.keeping.outputs),
    )


def _verdict(looked_at: tuple[checks.Check, ...]) -> shown.Verdict:
    looked = tuple(shown.Check(check.name, check.passed, check.detail) for check in looked_at)
    return shown.Verdict(checks.passed(looked_at), looked)


def _source(state: State) -> shown.Source:
    keeping = state.keeping
    ignorance = keeping.ignorance
    return shown.Source(
        address=state.source,
        known=keeping.known_at is not None and ignorance is None,
        known_at=stamp_if_any(state, keeping.known_at),
        known_age_seconds=_age(state, keeping.known_at),
        reason=ignorance.reason if ignorance else None,
        detail=ignorance.detail if ignorance else None,
        unknown_since=stamp_if_any(state, ignorance.since if ignorance else None),
        unknown_seconds=_age(state, ignorance.since if ignorance else None),
        waits_for_login=state.fetching.waits_for_login,
        oddities=state.fetching.oddities,
    )


def _fetches(state: State) -> shown.Fetches:
    fetching = state.fetching
    return shown.Fetches(
        known=fetching.known,
        unknown={str(reason): times for reason, times in fetching.unknown.items()},
        began_at=stamp_if_any(state, fetching.began_at),
        ended_at=stamp_if_any(state, fetching.ended_at),
        next_at=stamp_if_any(state, fetching.asks_at),
        page_bytes=fetching.page_bytes,
        took=_timed(fetching.fetch_seconds, OF_A_FETCH),
        parsing_took=_timed(fetching.parse_seconds, OF_PARSING),
    )


def _timed(histogram: Histogram, bounds: Iterable[float]) -> shown.Timed:
    buckets = tuple(zip((*bounds, None), histogram.counts, strict=True))
    return shown.Timed(sum(histogram.counts), histogram.total, buckets)


def _labels(state: State) -> shown.Labels:
    keeping = state.keeping
    left = None if keeping.end is None else _rounded(keeping.end - state.now.boot)
    lease = shown.Lease(state.supervision.timing.lease, stamp_if_any(state, keeping.end), left)
    return shown.Labels(left is not None and left > 0, keeping.lines, pairs_of(keeping.lines), lease)


def _feature_file(state: State) -> shown.FeatureFile:
    return shown.FeatureFile(path=state.supervision.place, **_kept(state))


def _sink(state: State) -> shown.Sink:
    return shown.Sink(kind=state.supervision.sink, place=state.supervision.place, **_kept(state))


def _kept(state: State) -> dict[str, Any]:
    """Tell what is the same of a sink of any kind."""
    keeping = state.keeping
    return {
        "writes": keeping.writes,
        "errors": keeping.errors,
        "written_at": stamp_if_any(state, keeping.written_at),
        "error": keeping.fault.error if keeping.fault else None,
        "failing_since": stamp_if_any(state, keeping.fault.since if keeping.fault else None),
        "waits_for_lock": keeping.waits_for_lock,
    }


def _output(state: State, output: told.Output) -> shown.Output:
    fault = output.fault
    return shown.Output(
        format=output.format,
        file=output.file,
        writes=output.writes,
        errors=output.errors,
        written_at=stamp_if_any(state, output.written_at),
        error=fault.error if fault else None,
        failing_since=stamp_if_any(state, fault.since if fault else None),
    )


def _topology(state: State) -> shown.Topology | None:
    topology = state.history.topology
    if topology is None:
        return None
    links = topology.lanes_by_link()
    labelled = ends_of(pairs_of(state.keeping.lines))
    return shown.Topology(
        tiles=tuple(map(str, topology.tiles)),
        links=tuple(_link(ends, lanes, labelled) for ends, lanes in links.items()),
        missing=tuple(_missing(state, link) for link in state.history.missing),
        gpus=gpus(topology.tiles, links),
    )


def _link(ends: tuple[Tile, Tile], lanes: int, labelled: set[frozenset[str]]) -> shown.Link:
    tiles = _names(ends)
    return shown.Link(tiles, lanes, frozenset(tiles) in labelled)


def _missing(state: State, link: history.Missing) -> shown.Missing:
    age = state.now.boot - link.since
    return shown.Missing(_names(link.ends), link.lanes, stamp(state, link.since), _rounded(age))


def _names(ends: tuple[Tile, Tile]) -> tuple[str, str]:
    return str(ends[0]), str(ends[1])


def _event(state: State, event: history.Event) -> shown.Event:
    return shown.Event(
        str(event.kind), stamp(state, event.at), _rounded(event.at), event.subject, event.detail
    )


def _configuration(state: State) -> shown.Configuration:
    told_of = state.supervision.configuration
    return shown.Configuration(
        path=told_of.path,
        digest=told_of.digest,
        applied_at=stamp(state, told_of.applied_at),
        reloads=told_of.reloads,
        refusals=told_of.refusals,
        problems=told_of.problems,
        settings=tuple(shown.Setting(each.key, each.value, each.origin) for each in told_of.settings),
    )


def _daemon(state: State) -> shown.Daemon:
    supervision = state.supervision
    return shown.Daemon(
        version=supervision.version,
        started_at=stamp(state, supervision.started_at),
        uptime_seconds=_rounded(state.now.boot - supervision.started_at),
        processes=tuple(
            shown.Process(each.name, each.pid, stamp(state, each.since)) for each in supervision.processes
        ),
        units=tuple(_unit(unit) for unit in supervision.units),
        ended=tuple(_ended(state, ended) for ended in supervision.ended),
        confinement=shown.Confinement(supervision.landlock_abi, supervision.lacking),
    )


def _unit(unit: told.UnitState) -> shown.Unit:
    return shown.Unit(unit.name, unit.phase, unit.failures, unit.is_failing)


def _ended(state: State, ended: told.Ended) -> shown.Ended:
    return shown.Ended(ended.worker, ended.cause, ended.times, stamp(state, ended.last_at))


def _age(state: State, moment: float | None) -> float | None:
    return None if moment is None else _rounded(state.now.boot - moment)


def _rounded(seconds: float) -> float:
    return round(seconds, 3)  # a program needs no finer ones, and floating point makes 0.30000000000000004
