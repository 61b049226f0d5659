"""`xelinkd run`: the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd import logs
from xelinkd.cli.arguments import configured_parser, parse, verbs_text
from xelinkd.cli.status import Status
from xelinkd.supervisor.loop import supervise

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = f"""\
Keeps a node's XeLink labels true: asks XPU Manager which GPU tiles are joined, and writes what it learns
to Node Feature Discovery's feature file. Labels are held on a lease: if XPU Manager fails, they stay.

usage: xelinkd [VERB] [FLAGS]; `xelinkd VERB -h` tells the flags of each

{verbs_text()}
Signals: SIGTERM and SIGINT end it, SIGHUP reads the configuration again (as does every change of the file).
"""


def run(arguments: Sequence[str]) -> Status:
    """Run the daemon until it is told to end."""
    parsed = parse(configured_parser("run", DESCRIPTION), arguments)
    loaded = parsed.load()
    logs.configure(loaded.config.log, "supervisor")
    supervise(loaded, parsed.load_again)
    return Status.OK
