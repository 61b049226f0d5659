"""`xelinkd watch`: changes as they happen, a line each."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Final

from urllib3.util import parse_url

from xelinkd.cli.arguments import configured_parser, load_quietly, parse
from xelinkd.cli.exit_status import Status
from xelinkd.cli.page_source import source_at
from xelinkd.cli.service import PATH, add_flags, service_of
from xelinkd.cli.terminal import look_of, say, say_bytes, wait_for_readers_end
from xelinkd.cli.watching import Picture, ServiceWatch, SourceWatch, as_json
from xelinkd.config.duration import Duration
from xelinkd.config.url import is_url
from xelinkd.sources.kinds import source_of
from xelinkd.views.terminal.changes import change_line

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from xelinkd.cli.watching import News
    from xelinkd.config.schema import Config

EVERY: Final = Duration.parse("2s")  # a running xelinkd is asked; a source as often as the daemon does
LEAST: Final = Duration.parse("100ms")
MOST: Final = Duration.parse("7d")

DESCRIPTION = """\
Tells the state once, then each change as a line: links lost and back, lanes, the source failing and back, the
lease, labels, configuration, workers that ended, ready or not. Ends on ^C, or when nobody reads it any more.

Follows the running xelinkd of the configuration (status.listen), also when it ends and comes back. SOURCE is
another one to follow: a xelinkd, http://HOST:PORT, or a page of XPU Manager, http://HOST:PORT/metrics. With
--source it is the configured page of XPU Manager; no running xelinkd is needed then.
Every fetch of that page shortens the time over which XPU Manager averages its statistics.

With --format json each line is one JSON object (docs/terminal.md).

exit status:
  0    nobody reads the output any more
  2    the command line or the configuration is wrong, or serves no status
  130  ended by ^C
"""


def run(arguments: Sequence[str]) -> Status:
    """Watch until somebody ends it."""
    made = command_line()
    parsed = parse(made, arguments)
    if parsed.options.source and parsed.options.url:
        made.error("--source is the configured page: name no other SOURCE with it")
    watch = _watch(parsed.options, load_quietly(parsed).config)
    while True:
        for news in watch.look():
            _tell(news, parsed.options.format)
        if wait_for_readers_end(watch.pause):
            return Status.OK


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    made = configured_parser("watch", DESCRIPTION)
    made.add_argument("url", nargs="?", metavar="SOURCE", help="the xelinkd or the page to follow")
    made.add_argument("--source", action="store_true", help="follow the configured page of XPU Manager")
    made.add_argument(
        "--every",
        type=_every,
        metavar="DURATION",
        help=f'how often to look: "500ms", "5s" (default: "{EVERY}"; a page: source.interval)',
    )
    made.add_argument("--format", choices=("text", "json"), default="text", help="words, or JSON lines")
    add_flags(made)
    return made


def _every(text: str) -> Duration:
    try:
        every = Duration.parse(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
    if not LEAST <= every <= MOST:
        raise ArgumentTypeError(f'a duration from "{LEAST}" to "{MOST}"')
    return every


def _watch(options: Namespace, config: Config) -> ServiceWatch | SourceWatch:
    if options.source or (options.url and _is_page(options.url)):
        source = source_of(config) if options.source else source_at(options.url, config)
        return SourceWatch(source, config, float(options.every or config.source.interval))
    service = service_of(options.url, options, config.status)
    return ServiceWatch(service, look_of(sys.stdout), float(options.every or EVERY))


def _is_page(url: str) -> bool:
    """Tell a page from a xelinkd, which is named without a path; what is no URL is for others to refuse."""
    return is_url(url) and parse_url(url).path not in {None, "", "/", PATH}


def _tell(news: News, form: str) -> None:
    if form == "json":
        say_bytes(as_json(news))
    else:
        say((*news.lines, ()) if isinstance(news, Picture) else (change_line(news),))
