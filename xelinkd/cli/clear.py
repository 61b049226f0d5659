"""`xelinkd clear`: our labels removed at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from xelinkd.cli.arguments import configured_parser, load_and_log, parse
from xelinkd.cli.exit_status import Status
from xelinkd.sinks.kinds import sink_of
from xelinkd.sinks.lock import GRACE
from xelinkd.sinks.sink import FAILURES, Absent, Foreign
from xelinkd.workers.outputs import remove_outputs
from xelinkd.workers.remover import remove_labels
from xelinkd.workers.turn import get_turn, lock_of

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

DESCRIPTION = """\
Removes the feature file at once, if it is ours (or Intel's sidecar's), and the outputs but those for Slurm:
slurmd does not start without a file that gres.conf includes. A xelinkd that keeps them has to be stopped
first.

exit status:
  0  the files are gone, or were not there
  2  the command line or the configuration is wrong
  3  a file is not ours, or cannot be removed
  4  another xelinkd keeps the file
"""


def run(arguments: Sequence[str]) -> Status:
    """Remove the labels and say so."""
    config = load_and_log(parse(command_line(), arguments), "clear").config
    lock = lock_of(config.target)  # held as long as this is known
    if not get_turn(lock, within=GRACE):
        return Status.LOCKED
    are_outputs_gone = remove_outputs(config.outputs)
    sink = sink_of(config.target)
    try:
        found = remove_labels(sink)
    except FAILURES as error:
        why = error.strerror if isinstance(error, OSError) else error
        print(f"xelinkd: {sink.place}: {why}", file=sys.stderr)
        return Status.NOT_WRITTEN
    if isinstance(found, Foreign):
        return Status.NOT_WRITTEN
    if isinstance(found, Absent):
        print(f"{sink.place}: nothing to remove")
    return Status.OK if are_outputs_gone else Status.NOT_WRITTEN


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    return configured_parser("clear", DESCRIPTION)
