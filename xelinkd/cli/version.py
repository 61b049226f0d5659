"""`xelinkd version`."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from xelinkd import __version__
from xelinkd.cli.arguments import parse_options, parser
from xelinkd.cli.exit_status import Status
from xelinkd.cli.terminal import say_text

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

LIBRARIES: Final = ("msgspec", "prometheus-client", "structlog", "tomli", "urllib3", "watchdog")


def run(arguments: Sequence[str]) -> Status:
    """Print the version, and those that matter in a report of a fault."""
    parse_options(command_line(), arguments)
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    say_text(f"xelinkd {__version__} (Python {platform.python_version()}; {libraries})\n")
    return Status.OK


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    return parser("version", "Prints the version, and those of Python and the libraries.")
