"""`xelinkd run`: the daemon."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from xelinkd import logs
from xelinkd.cli.arguments import configured_parser, load_and_log, parse, verbs_text
from xelinkd.cli.status import Status
from xelinkd.supervisor.loop import supervise

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logs.logger()

USAGE = "xelinkd [run] [--config FILE] [flags of the Go sidecar]\n       xelinkd VERB -h"

DESCRIPTION = f"""\
Keeps a node's XeLink labels true: asks XPU Manager which GPU tiles are joined, and writes what it learns
to Node Feature Discovery's feature file. Labels are held on a lease: if XPU Manager fails, they stay.

{verbs_text()}
signals: SIGTERM and SIGINT end it, SIGHUP reads the configuration again (as does every change of the file).
"""


def run(arguments: Sequence[str]) -> Status:
    """Run the daemon until it is told to end."""
    parsed = parse(configured_parser("run", DESCRIPTION, usage=USAGE), arguments)
    loaded = load_and_log(parsed, "supervisor")
    gc.freeze()  # the workers share it all: a full collection in one of them would copy 7 MB
    try:
        supervise(loaded, parsed.load_again)
    except Exception:
        log.exception("supervisor_crashed")  # the workers end with it
        return Status.CRASHED
    return Status.OK
