"""Finds the verb and runs it."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

from xelinkd.cli.status import Status
from xelinkd.config.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_VERB: Final = "run"
VERBS: Final = {
    "run": "keep the node's labels true until told to end (the default)",
    "once": "fetch once, write once; the exit status tells",
    "show": "show a topology as a matrix, as labels or as JSON; writes nothing",
    "check": "check the configuration, and print it with the origin of each value",
    "clear": "remove our labels at once",
    "simulate": "stand in for XPU Manager: serve the page of a simulated node",
    "version": "print the version",
}


class _Verb(Protocol):
    def run(self, arguments: Sequence[str]) -> Status: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; give the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    verb = arguments.pop(0) if arguments and arguments[0] in VERBS else DEFAULT_VERB
    # Imported only when asked for: a daemon need not hold the simulator in memory.
    module = cast("_Verb", import_module(f"xelinkd.cli.{verb}"))
    try:
        return module.run(arguments)
    except ConfigError as error:
        print(*(f"xelinkd: {problem}" for problem in error.problems), sep="\n", file=sys.stderr)
        return Status.USAGE
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return Status.OK
