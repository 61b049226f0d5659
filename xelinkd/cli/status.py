"""`xelinkd status`: the running xelinkd's state, in words or as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from xelinkd.cli.arguments import configured_parser, load_quietly, parse
from xelinkd.cli.exit_status import Status
from xelinkd.cli.service import add_flags, ask, read_document, service_of
from xelinkd.cli.terminal import look_of, say, say_bytes
from xelinkd.net.failure import FetchError
from xelinkd.views.terminal.status_text import as_lines

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

DESCRIPTION = """\
Asks the running xelinkd how it is: labels and their lease, source, topology, feature file, configuration,
workers, the last changes. What is wrong comes first.

URL is the address of another xelinkd, http://HOST:PORT; without it, the one of the configuration is asked
(status.listen). The configured token and certificate are for that one only.

exit status:
  0  it is ready: the configuration is good, and the labels are true and within their lease
  1  it is not ready
  2  the command line or the configuration is wrong, or serves no status
  5  nothing answers there, or not as xelinkd does: the reason is on standard error
"""


def run(arguments: Sequence[str]) -> Status:
    """Ask, and tell."""
    parsed = parse(command_line(), arguments)
    service = service_of(parsed.options.url, parsed.options, load_quietly(parsed).config.status)
    try:
        content = ask(service)
        document = read_document(service, content)
    except FetchError as error:
        print(f"xelinkd: no status ({error.reason}): {error}", file=sys.stderr)
        return Status.NO_ANSWER
    if parsed.options.format == "json":
        say_bytes(content)
    else:
        say(as_lines(document, service.url, look_of(sys.stdout)))
    return Status.OK if document.ready.passed else Status.NOT_READY


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    made = configured_parser("status", DESCRIPTION)
    made.add_argument("url", nargs="?", metavar="URL", help="the xelinkd to ask")
    made.add_argument(
        "--format", choices=("text", "json"), default="text", help="words (text, the default), or JSON"
    )
    add_flags(made)
    return made
