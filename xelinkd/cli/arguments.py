"""What the verbs share: the configuration's flags, and a help text that is worth reading."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xelinkd.cli.go_flags import translate
from xelinkd.cli.main import VERBS
from xelinkd.config.load import load
from xelinkd.config.schema import DEFAULT_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xelinkd.config.load import Loaded

GO_FLAGS = """\
flags of Intel's Go sidecar (-flag value, -flag=value, --flag...); they win over the file:
  -interval SECONDS            source.interval
  -startup-delay SECONDS       source.startup_delay
  -xpum-port PORT              the port in source.url
  -cert FILE                   https in source.url, and source.ca_file
  -lane-count N                labels.min_lanes
  -label-namespace NAME        labels.namespace
  -allow-subdeviceless-links   labels.allow_subdeviceless
  -dst-file-path FILE          feature_file.path
  -tmp-dir-prefix FOLDER       feature_file.staging_dir = FOLDER/.xelinkd
  -v N                         log.level = "debug" from 4 on
  -logtostderr, -vmodule, ...  klog's other flags are accepted and have no effect
"""
"""Kept in step with cli.go_flags by a test."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """A parsed command line: the verb's own options, and how to read the configuration."""

    options: argparse.Namespace
    load: Callable[[], Loaded]
    load_again: Callable[[], Loaded]


def parser(verb: str, description: str, *, epilog: str = "") -> argparse.ArgumentParser:
    """Make a verb's parser."""
    return argparse.ArgumentParser(
        prog=f"xelinkd {verb}",
        description=description,
        epilog=epilog,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def configured_parser(verb: str, description: str) -> argparse.ArgumentParser:
    """Make the parser of a verb that reads the configuration."""
    made = parser(verb, description, epilog=GO_FLAGS)
    made.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"the configuration (default: {DEFAULT_PATH} if it is there, else the defaults)",
    )
    return made


def parse(made: argparse.ArgumentParser, arguments: Sequence[str]) -> Arguments:
    """Parse a command line that may hold flags of the Go sidecar.

    Raises:
        ConfigError: one of those flags has a value of the wrong kind.

    """
    translation = translate(arguments)
    options = made.parse_args(translation.rest)
    for warning in translation.warnings:
        print(f"xelinkd: {warning}", file=sys.stderr)
    named = options.config is not None
    path = Path(os.path.abspath(options.config if named else DEFAULT_PATH))  # noqa: PTH100  keeps symlinks
    read = partial(load, path, translation.overrides)
    return Arguments(options, partial(read, required=named), partial(read, required=True))


def verbs_text() -> str:
    """Give the verbs, a line each."""
    return "verbs:\n" + "".join(f"  {verb:10} {text}\n" for verb, text in VERBS.items())
