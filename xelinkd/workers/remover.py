"""The remover: takes our labels away at once, for the exit policy `remove` and for `xelinkd clear`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd import logs
from xelinkd.model.labels import pairs_of
from xelinkd.sinks.sink import Absent, Foreign, Ours

if TYPE_CHECKING:
    from xelinkd.sinks.sink import Found, Sink

log = logs.logger()


def remove_labels(sink: Sink) -> Found:
    """Remove the labels if they are ours; give what was there.

    Raises:
        One of FAILURES: they could not be looked at or removed.

    """
    found = sink.read()
    match found:
        case Ours(file):
            sink.remove()
            log.info("labels_removed", **sink.about, links=len(pairs_of(file.lines)))
        case Foreign():
            sink.tell_foreign(found)
        case Absent():
            pass
    return found
