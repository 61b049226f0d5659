"""`xelinkd once`: one fetch, one write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd import clocks
from xelinkd.cli.arguments import configured_parser, load_and_log, parse
from xelinkd.cli.exit_status import Status
from xelinkd.model.observation import Known
from xelinkd.sinks.feature_file import FeatureFileSink
from xelinkd.sinks.lock import GRACE, FeatureFileLock
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import Memory
from xelinkd.workers.observer import Observer
from xelinkd.workers.outputs import Outputs
from xelinkd.workers.turn import get_turn
from xelinkd.workers.writer import take_in

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

DESCRIPTION = """\
Fetches once and sets the feature file and the outputs right once, without a daemon and without the startup
delay.

exit status:
  0  the labels are in the file
  1  the topology is unknown; the labels are left as they are, on their lease
  2  the command line or the configuration is wrong
  3  the feature file or an output could not be written
  4  another xelinkd keeps the feature file
An incomplete page is unknown here, unless source.incomplete_fetches is 1.
"""


def run(arguments: Sequence[str]) -> Status:
    """Do what the daemon does in one cycle."""
    config = load_and_log(parse(command_line(), arguments), "once").config
    lock = FeatureFileLock(config.feature_file.path)
    if not get_turn(lock, within=GRACE):
        return Status.LOCKED
    observation = Observer(config).observe().observation
    sink = FeatureFileSink(config.feature_file.path, config.feature_file.staging)
    keeper = Keeper(sink, config.feature_file.lease, clocks.now, Memory())
    if not take_in(keeper, Outputs(config), observation, config):
        return Status.NOT_WRITTEN
    return Status.OK if isinstance(observation, Known) else Status.UNKNOWN


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    return configured_parser("once", DESCRIPTION)
