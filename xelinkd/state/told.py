"""What each process tells of itself. All moments are seconds of boot time, unless they say wall."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Struct

from xelinkd.model.lease import Instant  # noqa: TC001  shown in the annotations of what is public
from xelinkd.model.observation import MAX_DETAIL_LENGTH
from xelinkd.model.unknown import Reason  # noqa: TC001  as above
from xelinkd.state.histogram import OF_A_FETCH, OF_PARSING, Count, Histogram, Seconds, empty
from xelinkd.state.history import History  # noqa: TC001  as above

MAX_ODDITIES: Final = 10

Detail = Annotated[str, msgspec.Meta(max_length=MAX_DETAIL_LENGTH)]


class Fetching(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the fetcher tells: when it asked, what came of it, and how long that took.

    `known` counts the fetches that told the topology, `unknown` the others. `asks_at` is when the next fetch
    is due; `address` is who was asked last. A fetcher that is taken over can tell lies here; they have this
    form.
    """

    known: Count = 0
    unknown: dict[Reason, Count] = {}
    fetch_seconds: Histogram = empty(OF_A_FETCH)
    parse_seconds: Histogram = empty(OF_PARSING)
    page_bytes: Count = 0
    began_at: Seconds | None = None
    ended_at: Seconds | None = None
    asks_at: Seconds | None = None
    waits_for_login: bool = False
    address: Detail = ""
    oddities: Annotated[tuple[Detail, ...], msgspec.Meta(max_length=MAX_ODDITIES)] = ()

    def __post_init__(self) -> None:
        """Refuse histograms with other buckets than ours: a fetcher counts on from what another told."""
        for histogram, bounds in ((self.fetch_seconds, OF_A_FETCH), (self.parse_seconds, OF_PARSING)):
            if len(histogram.counts) != len(bounds) + 1:
                raise ValueError(f"{len(histogram.counts)} buckets for {len(bounds)} bounds")


class Ignorance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the topology is unknown now, and since when."""

    reason: Reason
    detail: Detail
    since: Seconds


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the labels (or an output) cannot be set right, and since when."""

    error: Detail
    since: Seconds


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the writer tells of an output: how often it was written, when last, and what is wrong with it."""

    format: str
    file: str
    writes: Count = 0
    errors: Count = 0
    written_at: Seconds | None = None
    fault: Fault | None = None


class Keeping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the writer tells: what it was told last, what labels it holds, and how they stand.

    `known_at`: the last observation that told the topology. `lines`: the labels held, until `end` (None: none
    are held, because nothing confirmed them). `written_at` is the last time they were written; `took_at`
    when the last observation of any kind arrived.
    """

    known_at: Seconds | None = None
    ignorance: Ignorance | None = None
    lines: tuple[str, ...] = ()
    end: Seconds | None = None
    fault: Fault | None = None
    writes: Count = 0
    errors: Count = 0
    written_at: Seconds | None = None
    took_at: Seconds | None = None
    waits_for_lock: bool = False
    outputs: tuple[Output, ...] = ()


class Process(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A process of the tree: its short name, its process id, when it was started."""

    name: str
    pid: int
    since: Seconds


class Ended(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often a worker ended by itself for one cause, in words, and when last."""

    worker: str
    cause: str
    times: Count
    last_at: Seconds


class UnitState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A unit of workers: its phase in one word, failures in a row, and whether it has done no work since."""

    name: str
    phase: str
    failures: Count
    is_failing: bool


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key of the configuration in force: its value as TOML, and where it came from."""

    key: str
    value: str
    origin: str


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The configuration in force, and what became of the last attempt to read another.

    `digest` is that of the settings (SHA-256, hexadecimal); `problems`: why the file cannot be used now.
    """

    path: str
    digest: str
    settings: tuple[Setting, ...]
    applied_at: Seconds
    reloads: Count = 0
    refusals: Count = 0
    problems: tuple[str, ...] = ()


class Timing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is configured in seconds and makes late what is late."""

    interval: Seconds
    deadline: Seconds
    lease: Seconds
    heartbeat_deadline: Seconds
    restart_delay_max: Seconds


class Supervision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the supervisor tells: its processes, what became of earlier ones, the configuration.

    `sink` is the kind of what the labels go to, `place` where that is.
    """

    version: str
    started_at: Seconds
    processes: tuple[Process, ...]
    units: tuple[UnitState, ...]
    ended: tuple[Ended, ...]
    configuration: Configuration
    timing: Timing
    sink: str
    place: str
    source: str
    landlock_abi: Count
    lacking: tuple[str, ...]


class State(Struct, frozen=True):
    """All that is known of the daemon at one moment; `turned_at` is when the supervisor last was awake."""

    now: Instant
    turned_at: float
    supervision: Supervision
    fetching: Fetching
    keeping: Keeping
    history: History

    @property
    def source(self) -> str:
        """Who was asked last, or will be asked first."""
        return self.fetching.address or self.supervision.source

    def wall(self, moment: float) -> float:
        """Give a moment of boot time as Unix time, by the wall clock as it is now."""
        return moment + self.now.offset
