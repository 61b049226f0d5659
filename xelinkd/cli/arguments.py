"""What the verbs share: the configuration's flags, and a help text that is worth reading."""

from __future__ import annotations

import argparse
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from xelinkd import logs
from xelinkd.cli.go_flags import translate
from xelinkd.cli.main import VERBS
from xelinkd.cli.usage import did_you_mean
from xelinkd.config.load import load, load_again
from xelinkd.config.overrides import Override
from xelinkd.config.schema import DEFAULT_PATH
from xelinkd.config.sinks import NODE_FEATURE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xelinkd.config.load import Loaded
    from xelinkd.config.overrides import AnyOverride

GO_FLAGS: Final = """\
flags of Intel's sidecar (-flag value, -flag=value, --flag...); they win over the file:
  -interval SECONDS            source.interval
  -startup-delay SECONDS       source.startup_delay
  -xpum-port PORT              the port in source.url
  -cert FILE                   source.ca_file, and https in source.url
  -lane-count N                labels.min_lanes
  -label-namespace NAME        labels.namespace
  -allow-subdeviceless-links   labels.allow_subdeviceless
  -dst-file-path FILE          feature_file.path
  -tmp-dir-prefix FOLDER       feature_file.staging_dir = FOLDER/.xelinkd
  -v N                         log.level = "debug" from 4 on
Relative paths are taken from the current directory. These are accepted and have no effect:
  -add_dir_header -alsologtostderr -log_backtrace_at -log_dir -log_file -log_file_max_size -logtostderr
  -one_output -skip_headers -skip_log_headers -stderrthreshold -vmodule
"""
"""Kept in step with cli.go_flags by a test."""

PATH_KEYS: Final = frozenset({"feature_file.path", "feature_file.staging_dir", "source.ca_file"})

OWN_FLAGS: Final = {"when_locked": "feature_file.when_locked", "label_summary": "labels.summary"}

IMPLIED: Final = {
    "expired": (("sink.kind", NODE_FEATURE), ("node_feature.node", "any"))  # all of them: no name is needed
}
"""Keys that a flag of a verb sets, whatever the file says."""

_FLAG: Final = re.compile(r"(?<![\w-])--?[a-z][\w-]*")

log = logs.logger()


class Arguments(Struct, frozen=True):
    """A parsed command line: the verb's own options, what to tell the user, how to read the configuration."""

    options: argparse.Namespace
    warnings: tuple[str, ...]
    load: Callable[[], Loaded]
    load_again: Callable[[Loaded], Loaded]


def parser(
    verb: str, description: str, *, usage: str | None = None, epilog: str = ""
) -> argparse.ArgumentParser:
    """Make a verb's parser."""
    return argparse.ArgumentParser(
        prog=f"xelinkd {verb}",
        usage=usage,
        description=description,
        epilog=epilog,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def configured_parser(verb: str, description: str, *, usage: str | None = None) -> argparse.ArgumentParser:
    """Make the parser of a verb that reads the configuration."""
    made = parser(verb, description, usage=usage, epilog=GO_FLAGS)
    made.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"the configuration (default: {DEFAULT_PATH} if it is there, else the defaults)",
    )
    made.add_argument(
        "--label-summary", action="store_true", help="labels.summary = true, whatever the file says"
    )
    return made


def parse(made: argparse.ArgumentParser, arguments: Sequence[str]) -> Arguments:
    """Parse a command line that may hold flags of the Go sidecar.

    Raises:
        ConfigError: one of those flags has a value of the wrong kind.

    """
    translation = translate(arguments)
    options = parse_options(made, translation.rest)
    named = options.config is not None
    path = (options.config if named else DEFAULT_PATH).absolute()
    overrides = (*map(_absolute, translation.overrides), *_own_overrides(options))
    return Arguments(
        options,
        translation.warnings,
        partial(load, path, overrides, required=named),
        partial(load_again, overrides=overrides),
    )


def parse_options(made: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Parse a verb's own options; exits with status 2 and a sentence if they are wrong."""
    options, unknown = made.parse_known_args(arguments)
    if unknown:
        made.error(f"unknown argument {unknown[0]!r}{_advice(made, unknown[0])}")
    return options


def _advice(made: argparse.ArgumentParser, word: str) -> str:
    """Say what to do about a word that is not understood, if that can be told."""
    if word in VERBS:
        return f"; a verb comes first: `xelinkd {word} ...`"
    flags = _FLAG.findall(made.format_help())  # all that the user can know of
    return did_you_mean(word.partition("=")[0], flags)


def _own_overrides(options: argparse.Namespace) -> tuple[Override, ...]:
    """Take the keys that have a flag of our own, where the verb has it and it is given."""
    given = {flag: value for flag, value in vars(options).items() if value}
    own = {flag: ((key, given[flag]),) for flag, key in OWN_FLAGS.items() if flag in given}
    implied = {flag: keys for flag, keys in IMPLIED.items() if flag in given}
    return tuple(
        Override(key, value, f"--{flag.replace('_', '-')}")
        for flag, keys in {**own, **implied}.items()
        for key, value in keys
    )


def _absolute(override: AnyOverride) -> AnyOverride:
    """Take a relative path from the current directory, as the Go sidecar does; "" stays what it means."""
    if isinstance(override, Override) and override.key in PATH_KEYS and override.value:
        return replace(override, value=str(Path(str(override.value)).absolute()))
    return override


def load_quietly(parsed: Arguments) -> Loaded:
    """Load the configuration for a verb that keeps no logs: its warnings are for people.

    Raises:
        ConfigError: with all that is wrong.

    """
    for warning in parsed.warnings:
        print(f"xelinkd: {warning}", file=sys.stderr)
    return parsed.load()


def load_and_log(parsed: Arguments, process: str) -> Loaded:
    """Load the configuration and set up logs for a verb that keeps them: its warnings are events.

    Raises:
        ConfigError: with all that is wrong.

    """
    loaded = parsed.load()
    logs.keep_nobody_waiting()
    logs.configure(loaded.config.log, process)
    for warning in parsed.warnings:
        log.warning("flags_without_effect", detail=warning)
    return loaded


def verbs_text() -> str:
    """Give the verbs, a line each."""
    return "verbs:\n" + "".join(f"  {verb:10} {text}\n" for verb, text in VERBS.items())
