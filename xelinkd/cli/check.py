"""`xelinkd check`: the configuration, checked and explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.cli.arguments import configured_parser, load_quietly, parse
from xelinkd.cli.exit_status import Status
from xelinkd.cli.terminal import say_text
from xelinkd.config.describe import render_effective

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

DESCRIPTION = """\
Checks the configuration and prints what would be in force, as TOML, with the origin of each value: default,
file or flag. Exit status 2 if it is wrong: then everything that is wrong with it is said at once.
Nothing is fetched or written, and whether the folders and files that it names are there is not looked at.
"""


def run(arguments: Sequence[str]) -> Status:
    """Check and print."""
    loaded = load_quietly(parse(command_line(), arguments))
    say_text(render_effective(loaded))
    return Status.OK


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    return configured_parser("check", DESCRIPTION)
