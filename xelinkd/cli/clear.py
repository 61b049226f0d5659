"""`xelinkd clear`: our labels removed at once."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING

from xelinkd.cli.arguments import configured_parser, load_and_log, parse
from xelinkd.cli.exit_status import Status
from xelinkd.model.words import count
from xelinkd.sinks.kinds import sink_of
from xelinkd.sinks.lock import GRACE
from xelinkd.sinks.sink import FAILURES, Absent, Foreign
from xelinkd.workers.outputs import remove_outputs
from xelinkd.workers.remover import remove_labels
from xelinkd.workers.turn import get_turn, lock_of

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from xelinkd.config.schema import Config

DESCRIPTION = """\
Removes the labels at once, if they are ours (or Intel's sidecar's): the feature file, or the NodeFeature
object; and the outputs but those for Slurm: slurmd does not start without a file that gres.conf includes. A
xelinkd that keeps them has to be stopped first.

With --expired it removes the NodeFeature objects of any node in the namespace whose labels have ended: those
of nodes where no xelinkd runs that would do it. It takes the rights to list and delete them, and no node's
name.

exit status:
  0  the labels are gone, or were not there
  2  the command line or the configuration is wrong
  3  they are not ours, or cannot be removed
  4  another xelinkd keeps the feature file
"""


def run(arguments: Sequence[str]) -> Status:
    """Remove the labels and say so."""
    parsed = parse(command_line(), arguments)
    config = load_and_log(parsed, "clear").config
    if parsed.options.expired:
        return _sweep(config)
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


def _sweep(config: Config) -> Status:
    sweeping = import_module("xelinkd.sinks.sweeping")  # OpenSSL is nothing to those who clear a file
    try:
        swept = sweeping.sweep(config.node_feature, time.time())
    except FAILURES as error:
        print(f"xelinkd: {error}", file=sys.stderr)
        return Status.NOT_WRITTEN
    print(f"{count(swept.seen, 'object')}, {swept.removed} removed, {swept.failed} could not be")
    return Status.NOT_WRITTEN if swept.failed else Status.OK


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    made = configured_parser("clear", DESCRIPTION)
    made.add_argument(
        "--expired",
        action="store_true",
        help="remove objects of any node whose labels have ended, and nothing else",
    )
    return made
