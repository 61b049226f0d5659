"""`xelinkd run`: the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from xelinkd import logs
from xelinkd.cli.arguments import configured_parser, load_and_log, parse, verbs_text
from xelinkd.cli.exit_status import Status
from xelinkd.cli.usage import UsageError
from xelinkd.config.sinks import WhenLocked
from xelinkd.supervisor.loop import Ending, supervise
from xelinkd.workers.board import LimitError

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

_STATUSES: Final = {Ending.TOLD: Status.OK, Ending.LOCKED: Status.LOCKED}

log = logs.logger()

USAGE = """\
xelinkd [run] [--config FILE] [--when-locked exit|wait] [--label-summary] [flags of Intel's sidecar]
       xelinkd VERB -h"""

DESCRIPTION = f"""\
Keeps a node's XeLink labels true: asks XPU Manager which GPU tiles are joined, and writes what it learns
to Node Feature Discovery's feature file, or to a NodeFeature object of the cluster (sink.kind). Labels are
held on a lease: if XPU Manager fails, they stay.

{verbs_text()}
signals: SIGTERM and SIGINT end it, SIGHUP reads the configuration again (as does every change of the file).

exit status:
  0   it was told to end
  2   the command line, the configuration or a limit of the system is wrong
  4   another xelinkd keeps the feature file
  70  a fault in xelinkd itself: its log tells
"""


def run(arguments: Sequence[str]) -> Status:
    """Run the daemon until it is told to end."""
    parsed = parse(command_line(), arguments)
    loaded = load_and_log(parsed, "supervisor")
    try:
        return _STATUSES[supervise(loaded, parsed.load_again)]
    except LimitError as error:
        raise UsageError(str(error)) from None
    except Exception:
        log.exception("supervisor_crashed")  # the workers end with it
        return Status.CRASHED


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    made = configured_parser("run", DESCRIPTION, usage=USAGE)
    made.add_argument(
        "--when-locked",
        choices=get_args(WhenLocked),
        help="while another xelinkd keeps the feature file: exit after 2 s with status 4, or wait"
        " (feature_file.when_locked; default: exit)",
    )
    return made
