"""What the keeper says in the log: of labels that were adopted, written, moved, and let go of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd import logs
from xelinkd.model.feature_file import time_stamp
from xelinkd.model.labels import pairs_of, summary_of
from xelinkd.sinks.sink import Ours

if TYPE_CHECKING:
    from xelinkd.model.feature_file import FeatureFile
    from xelinkd.model.lease import Held, Instant
    from xelinkd.sinks.sink import Found, Sink

log = logs.logger()


def tell_adopted(sink: Sink, lines: tuple[str, ...], held: Held | None, now: Instant) -> None:
    """Say what a predecessor left, and whether it holds still."""
    links = len(pairs_of(lines))
    if held is None:
        log.warning("labels_expired", **sink.about, links=links)
    else:
        log.info("labels_adopted", **sink.about, links=links, lease_seconds=round(held.end - now.boot))


def tell_ended(sink: Sink, held: Held) -> None:
    """Say that nothing confirmed labels for a whole lease."""
    log.warning("lease_ended", **sink.about, links=len(pairs_of(held.lines)))


def tell_moved(sink: Sink, former: Sink) -> None:
    """Say that labels are gone from where they were."""
    log.info("labels_moved", **sink.about, moved_from=former.place)


def tell_removed(former: Sink, file: FeatureFile) -> None:
    """Say that labels whose lease has ended are gone from where they were."""
    log.info("labels_removed", **former.about, links=len(pairs_of(file.lines)))


def tell_written(sink: Sink, before: Found, lines: tuple[str, ...], file: FeatureFile) -> None:
    """Say what a write changed; `before` is what was there, `lines` what was last there of ours."""
    expires = time_stamp(file.expiry or 0)
    if file.lines != lines:
        _tell_changed(sink, lines, file.lines, expires)
    elif isinstance(before, Ours) and before.usable and before.file.lines == file.lines:
        log.debug("lease_renewed", **sink.about, expires=expires)
    else:
        sink.tell_repaired(expires)


def _tell_changed(sink: Sink, before: tuple[str, ...], after: tuple[str, ...], expires: str) -> None:
    old, new = pairs_of(before), pairs_of(after)
    log.info(
        "labels_changed",
        **sink.about,
        links=len(new),
        added=[pair for pair in new if pair not in old],
        removed=[pair for pair in old if pair not in new],
        **_summed(before, after),
        expires=expires,
    )


def _summed(before: tuple[str, ...], after: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Give the summary for the log, if there is one, or was."""
    summed = summary_of(after)
    return {"summary": summed} if summed or summary_of(before) else {}
