"""What changed from one status document to the next, and how changes are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.model.labels import summary_of
from xelinkd.model.words import count
from xelinkd.views.terminal.look import Painted, Tone, quiet, strong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.views.documents.status_document import Document, Event
    from xelinkd.views.terminal.look import Line

# Events of the history, of the same names as in the log, and of `watch` alone; docs/terminal.md lists them.
WORDS: Final = {
    "link_lost": ("link lost", Tone.BAD),
    "link_back": ("link back", Tone.GOOD),
    "link_new": ("new link", Tone.GOOD),
    "lanes_changed": ("lanes changed", Tone.ODD),
    "source_failing": ("source failing", Tone.BAD),
    "source_back": ("source back", Tone.GOOD),
    "lease_ended": ("lease ended", Tone.BAD),
    "labels_changed": ("labels changed", Tone.ODD),
    "ready": ("ready", Tone.GOOD),
    "not_ready": ("not ready", Tone.BAD),
    "config_applied": ("config applied", Tone.GOOD),
    "config_refused": ("config refused", Tone.BAD),
    "config_right_again": ("config right", Tone.GOOD),
    "worker_ended": ("worker ended", Tone.ODD),
    "restarted": ("restarted", Tone.ODD),
    "no_answer": ("no answer", Tone.BAD),
    "answers_again": ("answers again", Tone.GOOD),
}
_WIDTH: Final = max(len(words) for words, _ in WORDS.values())
_JITTER: Final = 1.0  # seconds; two documents round the same start differently


class Change(Struct, frozen=True):
    """What happened (a word of the above), when (RFC 3339, UTC), and to what."""

    time: str
    event: str
    subject: str = ""
    detail: str = ""


def change_line(change: Change) -> Line:
    """Tell of a change; one of a later version is told by its bare word."""
    words, tone = WORDS.get(change.event, (change.event, Tone.ODD))
    detail = f"  {change.detail}" if change.subject and change.detail else change.detail
    return quiet(change.time), "  ", Painted(f"{words:<{_WIDTH}}", tone), "  ", strong(change.subject), detail


def of_event(event: Event) -> Change:
    """Take a change from the history."""
    return Change(event.time, event.event, event.subject, event.detail)


def changes(before: Document, after: Document) -> Iterator[Change]:
    """Tell what happened from one document to the next one of the same xelinkd."""
    if is_restarted(before, after):
        yield Change(after.daemon.started_at, "restarted", detail=f"version {after.daemon.version}")
    yield from map(of_event, _new_events(before, after))
    yield from _labels(before, after)
    yield from _config(before, after)
    yield from _ended(before, after)
    yield from _readiness(before, after)


def is_restarted(before: Document, after: Document) -> bool:
    """Tell whether it is another run of the daemon, or of the machine."""
    return abs(_start(after) - _start(before)) > _JITTER


def _start(document: Document) -> float:
    return document.boot_seconds - document.daemon.uptime_seconds


def _new_events(before: Document, after: Document) -> tuple[Event, ...]:
    known = set(map(_identity, before.events))
    return tuple(event for event in after.events if _identity(event) not in known)


def _identity(event: Event) -> tuple[str, float, str, str]:
    """Leave out the wall time, which moves when the clock is set."""
    return event.event, event.boot_seconds, event.subject, event.detail


def _labels(before: Document, after: Document) -> Iterator[Change]:
    if before.labels.lines != after.labels.lines:
        links = f"{len(before.labels.links)} -> {count(len(after.labels.links), 'link')}"
        summed = _summary(summary_of(before.labels.lines), summary_of(after.labels.lines))
        yield Change(after.time, "labels_changed", detail=links + summed)


def _summary(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    """Tell which labels of the summary are new or other."""
    if before and not after:
        return "; no summary any more"
    news = [label for label in after if label not in before]
    return f"; {', '.join(news)}" if news else ""


def _config(before: Document, after: Document) -> Iterator[Change]:
    old, new = before.configuration, after.configuration
    if new.digest != old.digest:
        yield Change(new.applied_at, "config_applied", new.path)
    elif new.problems != old.problems:
        event = "config_refused" if new.problems else "config_right_again"
        yield Change(after.time, event, new.path, "; ".join(new.problems))


def _ended(before: Document, after: Document) -> Iterator[Change]:
    known = {} if is_restarted(before, after) else {(e.worker, e.cause): e.times for e in before.daemon.ended}
    for ended in after.daemon.ended:
        if ended.times > known.get((ended.worker, ended.cause), 0):
            yield Change(ended.last_at, "worker_ended", ended.worker, ended.cause)


def _readiness(before: Document, after: Document) -> Iterator[Change]:
    """Tell when something else fails; how a fault is worded may change with every second."""
    failing = _failing(after)
    if failing.keys() == _failing(before).keys():
        return
    event = "not_ready" if failing else "ready"
    yield Change(after.time, event, detail="; ".join(f"{name}: {why}" for name, why in failing.items()))


def _failing(document: Document) -> dict[str, str]:
    return {check.name: check.detail for check in document.ready.checks if not check.passed}
