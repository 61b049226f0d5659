"""The remover: takes our labels away at once, for the exit policy `remove` and for `xelinkd clear`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd import logs
from xelinkd.model.labels import pairs_of
from xelinkd.sinks.feature_file import Absent, Foreign, Ours

if TYPE_CHECKING:
    from xelinkd.sinks.feature_file import FeatureFileSink, OnDisk

log = logs.logger()


def remove_labels(sink: FeatureFileSink) -> OnDisk:
    """Remove the feature file if it is ours; give what was there.

    Raises:
        OSError: it could not be read or removed.

    """
    found = sink.read()
    match found:
        case Ours(file):
            sink.remove()
            log.info("labels_removed", file=sink.path, links=len(pairs_of(file.lines)))
        case Foreign(what):
            log.warning("feature_file_foreign", file=sink.path, found=what)
        case Absent():
            pass
    return found
