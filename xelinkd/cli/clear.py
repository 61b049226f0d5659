"""`xelinkd clear`: our labels removed at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from xelinkd import logs
from xelinkd.cli.arguments import configured_parser, parse
from xelinkd.cli.status import Status
from xelinkd.sinks.feature_file import Absent, FeatureFileSink, Foreign
from xelinkd.workers.remover import remove_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Removes the feature file at once, if it is ours (or the Go sidecar's). Stop xelinkd first: it would write the
file again. Exit status 3 if the file cannot be removed or is not ours.
"""


def run(arguments: Sequence[str]) -> Status:
    """Remove the labels and say so."""
    config = parse(configured_parser("clear", DESCRIPTION), arguments).load().config
    logs.configure(config.log, "clear")
    path = config.feature_file.path
    try:
        found = remove_labels(FeatureFileSink(path, config.feature_file.staging))
    except OSError as error:
        print(f"xelinkd: {path}: {error.strerror}", file=sys.stderr)
        return Status.NOT_WRITTEN
    if isinstance(found, Foreign):
        return Status.NOT_WRITTEN
    if isinstance(found, Absent):
        print(f"{path}: nothing to remove")
    return Status.OK
