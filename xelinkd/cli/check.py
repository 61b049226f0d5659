"""`xelinkd check`: the configuration, checked and explained."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from xelinkd.cli.arguments import configured_parser, parse
from xelinkd.cli.status import Status
from xelinkd.config.describe import render_effective

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Checks the configuration and prints what is in force, as TOML, with the origin of each value.
Exit status 2 if it is wrong: then everything that is wrong is said at once.
"""


def run(arguments: Sequence[str]) -> Status:
    """Check and print."""
    loaded = parse(configured_parser("check", DESCRIPTION), arguments).load()
    sys.stdout.write(render_effective(loaded))
    sys.stdout.flush()
    return Status.OK
