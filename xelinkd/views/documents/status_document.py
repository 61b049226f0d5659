"""The types of `/status.json`: the document is made from them, and read with them, so that both ends agree.

docs/status-json.md describes it. Within a version, fields may be added; who reads passes over those that it
does not know.
"""

# No `from __future__ import annotations`: msgspec reads the annotations when the program runs.
from typing import Final, Literal

import msgspec
from msgspec import Struct

from xelinkd.model.undecodable import UNDECODABLE
from xelinkd.views.gpus import Gpu

VERSION: Final = 1
NAME: Final = "xelinkd"

Moment = str  # RFC 3339, in UTC, in whole seconds


class Check(Struct, frozen=True):
    """One thing that was looked at, whether it is well, and why not."""

    name: str
    passed: bool
    detail: str


class Verdict(Struct, frozen=True):
    """What a probe says: whether all checks passed, and each of them."""

    passed: bool
    checks: tuple[Check, ...]


class Source(Struct, frozen=True):
    """Where the topology comes from, and what the last observation told."""

    address: str
    known: bool
    known_at: Moment | None
    known_age_seconds: float | None
    reason: str | None
    detail: str | None
    unknown_since: Moment | None
    unknown_seconds: float | None
    waits_for_login: bool
    oddities: tuple[str, ...]


class Timed(Struct, frozen=True):
    """How long something took: how often, in all, and how often at most so many seconds (null: longer)."""

    count: int
    total_seconds: float
    buckets: tuple[tuple[float | None, int], ...]


class Fetches(Struct, frozen=True):
    """How often the page was fetched since the pipeline began, and what came of it."""

    known: int
    unknown: dict[str, int]
    began_at: Moment | None
    ended_at: Moment | None
    next_at: Moment | None
    page_bytes: int
    took: Timed
    parsing_took: Timed


class Lease(Struct, frozen=True):
    """How long the labels hold after an observation, and how long those held now do."""

    seconds: float
    ends_at: Moment | None
    left_seconds: float | None


class Labels(Struct, frozen=True):
    """The labels held: the lines of the feature file, and the links that they stand for."""

    held: bool
    lines: tuple[str, ...]
    links: tuple[str, ...]
    lease: Lease


class Sink(Struct, frozen=True):
    """Where the labels go, and what became of the attempts to keep them right there."""

    kind: str
    place: str
    writes: int
    errors: int
    written_at: Moment | None
    error: str | None
    failing_since: Moment | None
    waits_for_lock: bool


class FeatureFile(Struct, frozen=True):
    """The same of a feature file, as it was told before there were other sinks."""

    path: str
    writes: int
    errors: int
    written_at: Moment | None
    error: str | None
    failing_since: Moment | None
    waits_for_lock: bool


class Output(Struct, frozen=True):
    """A file of `[[outputs]]`, and what became of the attempts to keep it right."""

    format: str
    file: str
    writes: int
    errors: int
    written_at: Moment | None
    error: str | None
    failing_since: Moment | None


class Link(Struct, frozen=True):
    """Two tiles joined by XeLink, the smaller first."""

    tiles: tuple[str, str]
    lanes: int
    labelled: bool


class Missing(Struct, frozen=True):
    """A link that was there in the last 24 hours and is not now, with the lanes that it had."""

    tiles: tuple[str, str]
    lanes: int
    since: Moment
    missing_seconds: float


class Topology(Struct, frozen=True):
    """What was last known of the machine, and the links missing from it."""

    tiles: tuple[str, ...]
    links: tuple[Link, ...]
    missing: tuple[Missing, ...]
    gpus: tuple[Gpu, ...]


class Event(Struct, frozen=True):
    """One change. `boot_seconds` tells it from others, however the wall clock is set."""

    event: str
    time: Moment
    boot_seconds: float
    subject: str
    detail: str


class Process(Struct, frozen=True):
    """A process of the daemon."""

    name: str
    pid: int
    since: Moment


class Unit(Struct, frozen=True):
    """Workers that live and die together."""

    name: str
    phase: str
    failures: int
    is_failing: bool


class Ended(Struct, frozen=True):
    """How often a worker ended by itself for one cause."""

    worker: str
    cause: str
    times: int
    last_at: Moment


class Setting(Struct, frozen=True):
    """One key of the configuration in force, as TOML."""

    key: str
    value: str
    origin: str


class Configuration(Struct, frozen=True):
    """The configuration in force, and what is wrong with the file now."""

    path: str
    digest: str
    applied_at: Moment
    reloads: int
    refusals: int
    problems: tuple[str, ...]
    settings: tuple[Setting, ...]


class Confinement(Struct, frozen=True):
    """What the kernel can hold the workers to, and what it cannot."""

    landlock_abi: int
    lacking: tuple[str, ...]


class Daemon(Struct, frozen=True):
    """The program, its processes, and what became of earlier ones."""

    version: str
    started_at: Moment
    uptime_seconds: float
    processes: tuple[Process, ...]
    units: tuple[Unit, ...]
    ended: tuple[Ended, ...]
    confinement: Confinement


class Document(Struct, frozen=True):
    """The whole."""

    version: Literal[1]
    name: Literal["xelinkd"]
    time: Moment
    boot_seconds: float
    live: Verdict
    ready: Verdict
    source: Source
    fetches: Fetches
    labels: Labels
    sink: Sink
    feature_file: FeatureFile | None
    topology: Topology | None
    events: tuple[Event, ...]
    configuration: Configuration
    daemon: Daemon
    outputs: tuple[Output, ...] = ()  # earlier programs do not tell of any


class NoDocumentError(ValueError):
    """What should be a status document is none, or of a version that is not known here."""


_DECODER: Final = msgspec.json.Decoder(Document)


def read(content: bytes) -> Document:
    """Read a document back.

    Raises:
        NoDocumentError: it is none.

    """
    try:
        return _DECODER.decode(content)
    except UNDECODABLE as error:
        raise NoDocumentError(str(error)) from None
