"""`xelinkd once`: one fetch, one write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd import clocks
from xelinkd.cli.arguments import configured_parser, load_and_log, parse
from xelinkd.cli.exit_status import Status
from xelinkd.cli.usage import UsageError
from xelinkd.model.observation import Known
from xelinkd.sinks.kinds import sink_of
from xelinkd.sinks.lock import GRACE
from xelinkd.workers.board import LimitError
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import Memory
from xelinkd.workers.observer import Observer
from xelinkd.workers.outputs import Outputs
from xelinkd.workers.turn import get_turn, lock_of
from xelinkd.workers.writer import take_in

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

DESCRIPTION = """\
Fetches once and sets the labels (in the feature file or the NodeFeature object) and the outputs right once,
without a daemon and without the startup delay.

exit status:
  0  the labels are there
  1  the topology is unknown; the labels are left as they are, on their lease
  2  the command line, the configuration or a limit of the system is wrong
  3  the labels or an output could not be written
  4  another xelinkd keeps the feature file
An incomplete page is unknown here, unless source.incomplete_fetches is 1.
"""


def run(arguments: Sequence[str]) -> Status:
    """Do what the daemon does in one cycle."""
    config = load_and_log(parse(command_line(), arguments), "once").config
    try:
        memory = Memory()
    except LimitError as error:
        raise UsageError(str(error)) from None
    lock = lock_of(config.target)  # held as long as this is known
    if not get_turn(lock, within=GRACE):
        return Status.LOCKED
    observation = Observer(config).observe().observation
    keeper = Keeper(sink_of(config.target), config.target.lease, clocks.now, memory)
    if not take_in(keeper, Outputs(config), observation, config):
        return Status.NOT_WRITTEN
    return Status.OK if isinstance(observation, Known) else Status.UNKNOWN


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    return configured_parser("once", DESCRIPTION)
