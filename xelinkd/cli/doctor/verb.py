"""The walk along the chain, and how it is told."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from xelinkd.cli.arguments import configured_parser, parse
from xelinkd.cli.doctor import cluster, feature_file, files, folder, lock, outputs, page, reach, service
from xelinkd.cli.doctor.finding import Finding, Outcome, broken, lines, not_looked_at, well
from xelinkd.cli.exit_status import Status
from xelinkd.cli.service import add_client_cert, ask_document, configured
from xelinkd.cli.terminal import look_of, say, say_bytes
from xelinkd.config.problems import ConfigError
from xelinkd.config.sinks import NODE_FEATURE
from xelinkd.model.page import Page
from xelinkd.net.failure import FetchError
from xelinkd.sources.kinds import source_of
from xelinkd.views.documents.status_document import Document
from xelinkd.views.terminal.look import bad, good, strong

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from xelinkd.config.load import Loaded
    from xelinkd.config.schema import Config
    from xelinkd.config.schema import Status as StatusSettings
    from xelinkd.views.terminal.look import Line

CONFIGURATION: Final = "configuration"
STEPS: Final = (
    CONFIGURATION,
    files.STEP,
    *reach.STEPS,
    *page.STEPS,
    folder.STEP,
    *feature_file.STEPS,
    lock.STEP,
    outputs.STEP,
    *service.STEPS,
)

DESCRIPTION = """\
Walks the whole chain, link by link, and says at the first that is broken what to do: configuration, the
files that it names, the way to XPU Manager, its page and topology, what becomes labels, the feature file's
folder, the file, Node Feature Discovery's rules for it, the lock, files for other programs, the running
xelinkd. Where labels are in an object of the cluster, not the file, but: the node's name, the credentials,
the API server, the rights, the object.

Changes nothing that Node Feature Discovery sees, and asks XPU Manager once: with credentials that is one
login, and none while the running xelinkd waits after one that failed. Run it as the user of xelinkd.

exit status:
  0  nothing is broken
  1  something is; what to do about the first comes last
  2  the command line is wrong
"""


def run(arguments: Sequence[str]) -> Status:
    """Walk, tell, and judge."""
    parsed = parse(command_line(), arguments)
    told = _told_as_json if parsed.options.format == "json" else _told_in_words
    first_broken = told(walk(parsed.load, parsed.options.client_cert))
    return Status.NOT_READY if first_broken else Status.OK


def command_line() -> ArgumentParser:
    """Give the verb's parser."""
    made = configured_parser("doctor", DESCRIPTION)
    made.add_argument(
        "--format", choices=("text", "json"), default="text", help="words (text, the default), or JSON"
    )
    add_client_cert(made)
    return made


def walk(load: Callable[[], Loaded], client_cert: Path | None = None) -> Iterator[Finding]:
    """Look at each link of the chain, in order; `client_cert` is for a status that asks for one."""
    try:
        loaded = load()
    except ConfigError as error:
        advice = "put right what is named; `xelinkd check` tells whether it is"
        yield broken(CONFIGURATION, "; ".join(map(str, error.problems)), advice)
        yield from not_looked_at(STEPS[1:], "the configuration is broken")
        return
    there = "" if loaded.is_there else " is not there: the defaults are in force"
    yield well(CONFIGURATION, f"{loaded.path}{there}")
    yield from _with(loaded.config, client_cert)


def _with(config: Config, client_cert: Path | None) -> Iterator[Finding]:
    asked = _asked(config.status, client_cert)  # first of all: it knows whether XPU Manager can bear a login
    document = asked if isinstance(asked, Document) else None
    yield files.look_at_files(config)
    yield from _source(config, document)
    is_kept = yield from _sink(config, document)
    yield outputs.look_at_outputs(config, document.outputs if document else ())
    yield from service.look_at_service(asked, config, file_is_kept=is_kept)


def _sink(config: Config, document: Document | None) -> Generator[Finding, None, bool]:
    """Look at where the labels go; give whether somebody keeps the feature file."""
    labels_held = document is not None and document.labels.held
    if config.sink.kind == NODE_FEATURE:
        yield from cluster.look_at_cluster(config.node_feature, time.time(), labels_held=labels_held)
        return False
    file = config.feature_file
    yield folder.look_at_folder(file)
    yield from feature_file.look_at_file(file, config.labels.namespace, time.time(), labels_held=labels_held)
    waits = document is not None and document.sink.waits_for_lock
    kept = lock.look_at_lock(file.path, service_waits=waits)
    yield kept
    return kept.outcome is not Outcome.NOT_LOOKED_AT and kept.found != lock.NOBODY


def _asked(settings: StatusSettings, client_cert: Path | None) -> Document | FetchError | None:
    here = configured(settings)
    needs_certificate = settings.client_ca_file and not settings.token_file
    if here is None or (needs_certificate and not client_cert):
        return None
    try:
        return ask_document(replace(here, client_cert=client_cert))
    except FetchError as error:
        return error


def _source(config: Config, document: Document | None) -> Iterator[Finding]:
    source = config.source
    way = reach.look_at_ways(source)
    is_broken = reach.is_broken(way)
    if is_broken and not source.uses.devices:
        yield from way
        yield from not_looked_at(page.STEPS, "XPU Manager cannot be reached")
    elif not is_broken and source.user and document and document.source.waits_for_login:
        yield from way
        yield from page.login_waits(document)
    else:
        seen = source_of(config).look()
        answers = isinstance(seen.outcome, Page) and seen.address not in source.urls
        yield from reach.spared(way, seen.address) if answers else way
        yield from page.look_at_page(seen, config)


def _told_in_words(findings: Iterator[Finding]) -> Finding | None:
    """Print each finding as soon as it is there; give the first that is broken."""
    shown = look_of(sys.stdout)
    first: Finding | None = None
    for finding in findings:
        say(lines(finding, shown))
        first = first or (finding if finding.outcome is Outcome.BROKEN else None)
    say(_verdict(first))
    return first


def _verdict(first: Finding | None) -> Iterator[Line]:
    yield ()
    if first is None:
        yield (good("Nothing is broken."),)
    else:
        yield bad(f"Broken: {first.step}."), " What to do first: ", strong(first.advice), "."


def _told_as_json(findings: Iterator[Finding]) -> Finding | None:
    steps = tuple(findings)
    first = next((finding for finding in steps if finding.outcome is Outcome.BROKEN), None)
    document = {
        "version": 1,
        "passed": first is None,
        "first_broken": first.step if first else None,
        "steps": steps,
    }
    say_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    return first
