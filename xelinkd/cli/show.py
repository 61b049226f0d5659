"""`xelinkd show`: a topology for people, or for other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from xelinkd.cli.arguments import configured_parser, load_quietly, parse
from xelinkd.cli.comparison import compare
from xelinkd.cli.exit_status import Status
from xelinkd.cli.page_source import read_saved, source_at
from xelinkd.cli.terminal import say, say_bytes, say_text
from xelinkd.cli.topology_text import as_labels, as_matrix, as_output, oddities
from xelinkd.cli.usage import UsageError
from xelinkd.config.sources import KINDS
from xelinkd.model.observation import Unknown
from xelinkd.model.unknown import UnknownPageError
from xelinkd.outputs.format import NotToldError
from xelinkd.outputs.formats import FORMATS
from xelinkd.sources.kinds import source_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from xelinkd.config.schema import Config
    from xelinkd.model.page import Page

DESCRIPTION = """\
Shows which tiles are joined by XeLink, and the labels that follow from it. Writes nothing.

SOURCE is a URL, a saved page or answer of REST, or - for standard input; without it, the configured source
is asked, or that of the kind that --source names. --compare tells instead where another source says something
else of the same machine. Flags and configuration count as they do for the daemon: try `-lane-count 8`. What
is odd about the page is told on standard error. On a terminal, links that become labels are green, those that
do not are yellow (NO_COLOR=1: no colours).

exit status:
  0  the topology is shown; --compare: both say the same
  1  the topology is unknown, or lacks what the format takes: the reason is on standard error
  2  the command line or the configuration is wrong, or there is no such page
  6  --compare: they do not say the same
"""

CONFIGURED: Final = "the configured source"
FOR_PEOPLE: Final = ("text", "labels")


def run(arguments: Sequence[str]) -> Status:
    """Show the topology."""
    made = command_line()
    parsed = parse(made, arguments)
    options = parsed.options
    if options.source and options.kind:
        made.error("--source is another kind than the configured one: name no SOURCE with it")
    config = load_quietly(parsed).config
    if options.compare:
        return _compare(made, options, config)
    seen = _look(options.source or options.kind, config)
    if isinstance(seen, Unknown):
        return _complain(seen)
    for oddity in oddities(seen):
        print(f"xelinkd: warning: {oddity}", file=sys.stderr)
    try:
        _show(seen, config, options.format)
    except NotToldError as error:
        print(f"xelinkd: {error}", file=sys.stderr)
        return Status.UNKNOWN
    return Status.OK


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    made = configured_parser("show", DESCRIPTION)
    made.add_argument("source", nargs="?", metavar="SOURCE", help="where to take the page from")
    made.add_argument("--source", choices=KINDS, dest="kind", help="the kind to ask (source.kind)")
    made.add_argument(
        "--compare",
        nargs="?",
        const=CONFIGURED,
        metavar="OTHER",
        help="a kind, or as SOURCE (the configured)",
    )
    made.add_argument(
        "--format",
        choices=(*FOR_PEOPLE, *FORMATS),
        default="text",
        help="a matrix (text, the default), label lines, lines for Slurm's gres.conf, JSON, or metrics for"
        " Prometheus; the last three as an output of that format has them ([[outputs]])",
    )
    return made


def _show(page: Page, config: Config, form: str) -> None:
    if form == "text":
        say(as_matrix(page, config))
    elif form == "labels":
        say_text(as_labels(page, config))
    else:
        say_bytes(as_output(page, config, form))


def _complain(seen: Unknown, source: str = "topology") -> Status:
    print(f"xelinkd: {source} unknown ({seen.reason}): {seen.detail}", file=sys.stderr)
    return Status.UNKNOWN


def _compare(made: ArgumentParser, options: Namespace, config: Config) -> Status:
    one, other = options.source or options.kind or config.source.kind, options.compare
    names = (one, config.source.kind if other == CONFIGURED else other)
    if names[0] == names[1]:
        made.error(f"{one} would be compared with itself: name another, as in `--compare metrics`")
    if options.format != "text":
        made.error("--compare tells in words: no --format with it")
    seen = [_look(name, config) for name in names]
    for name, outcome in zip(names, seen, strict=True):
        if isinstance(outcome, Unknown):
            _complain(outcome, f"topology of {name}")
    first, second = seen
    if isinstance(first, Unknown) or isinstance(second, Unknown):
        return Status.UNKNOWN
    return compare((first, second), names, config.labels)


def _look(source: str | None, config: Config) -> Page | Unknown:
    if source is None:
        return source_of(config).look().outcome
    if source in KINDS:
        return source_of(replace(config, source=replace(config.source, kind=source))).look().outcome
    if source.startswith(("http://", "https://")):
        return source_at(source, config).look().outcome
    try:
        return read_saved(_saved_page(source))
    except UnknownPageError as error:
        return Unknown(error.reason, str(error))


def _saved_page(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from None
