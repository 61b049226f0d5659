"""The daemon's state in words, for people at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.model.labels import group_is_unknown, link_lines, summary_of
from xelinkd.model.summary import GROUP_UNKNOWN
from xelinkd.model.words import count, relative, size_of, span
from xelinkd.views.terminal.changes import change_line, of_event
from xelinkd.views.terminal.gpu_text import gpu_lines, in_one_line, linking
from xelinkd.views.terminal.look import Painted, Tone, bad, good, odd, quiet, strong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.views.documents.status_document import (
        Check,
        Configuration,
        Document,
        Event,
        Missing,
        Output,
        Sink,
        Topology,
    )
    from xelinkd.views.terminal.look import Line, Look

MAX_EVENTS: Final = 10  # that are shown; the JSON has all
_WIDTH: Final = 10  # columns of the names at the left


def as_lines(document: Document, address: str, look: Look) -> Iterator[Line]:
    """Tell all that matters: first what is wrong, then what there is."""
    yield _headline(document, address)
    checks = (*document.live.checks, *document.ready.checks)
    yield from (_failure(check, look) for check in checks if not check.passed)
    yield ()
    yield _row("labels", *_labels(document))
    yield from map(_indented, _summary(document.labels.lines))
    yield _row("source", *_source(document))
    yield from map(_indented, _source_in_detail(document))
    yield from _topology(document.topology)
    yield _row("sink" if document.feature_file is None else "file", document.sink.place)
    yield from map(_indented, _sink(document.sink))
    for output in document.outputs:
        yield _row("output", output.file, f" ({output.format})")
        yield from map(_indented, _kept(output))
    yield from _config(document.configuration)
    yield from _daemon(document)
    yield from _last_changes(document.events)


def _headline(document: Document, address: str) -> Line:
    verdict = good("ready") if document.ready.passed else bad("not ready")
    stuck = () if document.live.passed else (", ", bad("makes no progress"))
    head = strong(f"xelinkd {document.daemon.version}")
    return head, f" at {address}, {document.time}: ", verdict, *stuck


def _failure(check: Check, look: Look) -> Line:
    return look.mark(Tone.BAD), " ", bad(f"{check.name}: {check.detail}")


def _row(name: str, *parts: Painted | str) -> Line:
    return strong(f"{name:<{_WIDTH}}"), *parts


def _indented(parts: Line) -> Line:
    return " " * _WIDTH, *parts


def _labels(document: Document) -> Line:
    labels = document.labels
    if not labels.held or labels.lease.left_seconds is None:
        return (bad("none are held"),)
    held = f"{count(len(labels.links), 'link')} in {count(len(link_lines(labels.lines)), 'label')}, "
    until = f"hold for {span(labels.lease.left_seconds)}, until {labels.lease.ends_at}"
    return held, until if document.source.known else odd(until)


def _summary(lines: tuple[str, ...]) -> Iterator[Line]:
    if summed := summary_of(lines):
        yield (", ".join(summed),)
    if group_is_unknown(lines):
        yield (odd(GROUP_UNKNOWN),)


def _source(document: Document) -> Line:
    source = document.source
    if source.known and source.known_age_seconds is not None:
        return source.address, ", ", good("known"), f" {relative(-source.known_age_seconds)}"
    if source.reason is None or source.unknown_seconds is None:
        return source.address, ", ", odd("not asked yet")
    for_so_long = f" for {span(source.unknown_seconds)}"
    return source.address, ", ", bad(f"unknown ({source.reason})"), for_so_long


def _source_in_detail(document: Document) -> Iterator[Line]:
    source, fetches = document.source, document.fetches
    if source.detail:
        yield (odd(source.detail),)
    if source.waits_for_login:
        yield (odd(f"waits with the next login until {fetches.next_at}"),)
    yield from ((odd(oddity),) for oddity in source.oddities)
    failed = ", ".join(f"{times} {reason}" for reason, times in fetches.unknown.items())
    yield (quiet(f"{fetches.known} fetches told the topology{f', {failed}' if failed else ''}"),)


def _topology(topology: Topology | None) -> Iterator[Line]:
    if topology is None:
        yield _row("topology", odd("never known"))
        return
    size = size_of(len(topology.gpus), len(topology.tiles), len(topology.links))
    yield _row("topology", size, *linking(topology.gpus))
    yield from map(_indented, in_one_line(topology.gpus) or gpu_lines(topology.gpus))
    left_out = sum(not link.labelled for link in topology.links)
    if left_out:
        yield _indented((odd(f"{count(left_out, 'link')} left out of the labels"),))
    yield from (_indented(_missing(link)) for link in topology.missing)


def _missing(link: Missing) -> Line:
    return bad(f"missing: {'-'.join(link.tiles)}"), f", {count(link.lanes, 'lane')}, {_since(link)}"


def _since(link: Missing) -> str:
    return f"lost {relative(-link.missing_seconds)}"


def _sink(sink: Sink) -> Iterator[Line]:
    if sink.waits_for_lock:
        yield (bad("another xelinkd keeps it"),)
    yield from _kept(sink)


def _kept(file: Sink | Output) -> Iterator[Line]:
    if file.error:
        yield bad(file.error), f", since {file.failing_since}"
    written = f"last written {file.written_at}" if file.written_at else "not written since xelinkd started"
    yield (quiet(f"{written}, {count(file.writes, 'write')}, {count(file.errors, 'error')}"),)


def _config(configuration: Configuration) -> Iterator[Line]:
    state = bad("refused, the former one is in force") if configuration.problems else good("in force")
    yield _row("config", configuration.path, ", ", state, f" since {configuration.applied_at}")
    yield from (_indented((bad(problem),)) for problem in configuration.problems)
    changed = [each for each in configuration.settings if each.origin != "default"]
    yield from (_indented((quiet(f"{each.key} = {each.value}  # {each.origin}"),)) for each in changed)


def _daemon(document: Document) -> Iterator[Line]:
    daemon = document.daemon
    processes = (f"{process.name} {process.pid}" for process in daemon.processes)
    yield _row("daemon", f"up for {span(daemon.uptime_seconds)}: {', '.join(processes)}")
    failing = (unit for unit in daemon.units if unit.is_failing)
    yield from (
        _indented((bad(f"{unit.name} {unit.phase}, failed {unit.failures} times in a row"),))
        for unit in failing
    )
    yield from (
        _indented(
            (odd(f"{each.worker} ended by itself: {each.cause}"), f", {each.times} x, last {each.last_at}")
        )
        for each in daemon.ended
    )
    if daemon.confinement.lacking:
        yield _indented((quiet(f"not confined in: {', '.join(daemon.confinement.lacking)}"),))


def _last_changes(events: tuple[Event, ...]) -> Iterator[Line]:
    if not events:
        return
    yield ()
    more = len(events) - MAX_EVENTS
    yield strong("changes"), quiet(f" (the last {MAX_EVENTS} of {len(events)})" if more > 0 else "")
    yield from (change_line(of_event(event)) for event in events[-MAX_EVENTS:])
