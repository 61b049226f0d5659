"""`xelinkd show`: a topology for people, or for other programs."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xelinkd.cli.arguments import configured_parser, parse
from xelinkd.cli.status import Status
from xelinkd.cli.topology_text import as_json, as_labels, as_matrix
from xelinkd.model.observation import Unknown
from xelinkd.model.page import Page, UnknownPageError, read_page
from xelinkd.workers.fetcher import look, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xelinkd.config.schema import Config

DESCRIPTION = """\
Shows which tiles are joined by XeLink. Writes nothing.

SOURCE is a URL, a saved page, or - for standard input; without it, the configured source is asked.
Exit status 1 if the topology is unknown: the reason is on standard error.
"""

FORMATS: Final[dict[str, Callable[[Page, Config], str]]] = {
    "text": as_matrix,
    "labels": as_labels,
    "json": as_json,
}


def run(arguments: Sequence[str]) -> Status:
    """Show the topology."""
    made = configured_parser("show", DESCRIPTION)
    made.add_argument("source", nargs="?", metavar="SOURCE", help="where to take the page from")
    made.add_argument(
        "--format", choices=FORMATS, default="text", help="a matrix (text, the default), label lines, or JSON"
    )
    parsed = parse(made, arguments)
    config = parsed.load().config
    try:
        seen = _look(parsed.options.source, config)
    except (OSError, ValueError) as error:
        print(f"xelinkd: {parsed.options.source}: {error}", file=sys.stderr)
        return Status.USAGE
    if isinstance(seen, Unknown):
        print(f"xelinkd: topology unknown ({seen.reason}): {seen.detail}", file=sys.stderr)
        return Status.UNKNOWN
    sys.stdout.write(FORMATS[parsed.options.format](seen, config))
    sys.stdout.flush()
    return Status.OK


def _look(source: str | None, config: Config) -> Page | Unknown:
    if source is None:
        return look(source_of(config))
    if source.startswith(("http://", "https://")):
        return look(replace(source_of(config), url=source))
    try:
        return read_page(sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes())
    except UnknownPageError as error:
        return Unknown(error.reason, str(error))
