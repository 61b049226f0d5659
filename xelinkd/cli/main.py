"""Finds the verb and runs it."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

from xelinkd.cli.exit_status import Status
from xelinkd.cli.usage import OutputError, UsageError, did_you_mean
from xelinkd.config.problems import ConfigError
from xelinkd.deferred import load_leanly
from xelinkd.supervisor.signals import hold_signals

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable, Sequence

DEFAULT_VERB: Final = "run"
VERBS: Final = {
    "run": "keep the node's labels true until told to end (the default)",
    "once": "fetch once, write once; the exit status tells how it went",
    "show": "show a topology as a matrix, as labels, for Slurm, as JSON...; writes nothing",
    "status": "ask the running xelinkd how it is; the exit status tells, too",
    "watch": "follow the running xelinkd, or XPU Manager's page: each change is a line",
    "doctor": "walk the whole chain, and say at the first broken link what to do",
    "trust": "show the certificate that XPU Manager has, and pin it",
    "check": "check the configuration, and print it with the origin of each value",
    "clear": "remove our labels at once",
    "simulate": "stand in for XPU Manager: serve the page of a simulated node",
    "version": "print the version (also: --version)",
}
INTERRUPTED: Final = 128 + signal.SIGINT  # as a shell reports it


class Verb(Protocol):
    """What the module of a verb has."""

    def run(self, arguments: Sequence[str]) -> Status:
        """Do what the verb is for."""

    def command_line(self) -> ArgumentParser:
        """Give the verb's parser."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; give the exit status."""
    _hold_standard_streams()
    _let_any_text_out()
    try:
        status: int = _run(sys.argv[1:] if argv is None else argv)
    except ConfigError as error:
        status = _refuse(map(str, error.problems))
    except UsageError as error:
        status = _refuse([str(error)])
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough: `| head`
        status = Status.OK
    except OutputError:
        status = Status.NOT_WRITTEN
    return _finish_output(status)


def _hold_standard_streams() -> None:
    """Put the null device where a standard stream is closed: the next file opened would get its number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _let_any_text_out() -> None:
    """Print what the terminal's encoding does not have as an escape, as standard error does."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _run(arguments: Sequence[str]) -> Status:
    verb, rest = _verb_of(arguments)
    gc.disable()  # while modules are imported: little of that is garbage, and to look for it takes long
    if verb == DEFAULT_VERB:
        hold_signals()
        load_leanly()
    module = module_of(verb)
    gc.freeze()  # workers share it all: a full collection in one of them would copy 7 MB
    gc.enable()
    return module.run(rest)


def module_of(verb: str) -> Verb:
    """Import a verb's module, and no other: a daemon need not hold the simulator in memory."""
    return cast("Verb", import_module(f"xelinkd.cli.{verb}"))


def _verb_of(arguments: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Part the verb from its arguments; flags alone are for the daemon, as the Go sidecar has no verbs."""
    match list(arguments):
        case ["--version", *rest]:
            return "version", rest
        case [verb, *rest] if verb in VERBS:
            return verb, rest
        case [word, *_] if not word.startswith("-"):
            advice = did_you_mean(word, VERBS) or f"; there are {', '.join(VERBS)}"
            raise UsageError(f"unknown verb {word!r}{advice} (`xelinkd -h` explains)")
        case flags:
            return DEFAULT_VERB, flags


def _refuse(problems: Iterable[str]) -> Status:
    for problem in problems:
        print(f"xelinkd: {problem}", file=sys.stderr)
    return Status.USAGE


def _finish_output(status: int) -> int:
    """Write out what is left; where it cannot be, keep the interpreter from trying again at its end."""
    try:
        print(end="", flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"xelinkd: standard output: {error.strerror}", file=sys.stderr)
            return status or Status.NOT_WRITTEN
    return status
