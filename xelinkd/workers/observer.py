"""Turns what XPU Manager answers into observations."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from xelinkd import clocks, logs
from xelinkd.model.belief import NO_DOUBT, judged
from xelinkd.model.episodes import Episode, follow
from xelinkd.model.observation import MAX_MESSAGE_SIZE, Known, Observation, Unknown, encode
from xelinkd.model.page import Page, read_parts
from xelinkd.model.topology import lane_disagreements
from xelinkd.model.unknown import Reason, UnknownPageError
from xelinkd.sources.failure import FetchError
from xelinkd.sources.login import Login
from xelinkd.sources.metrics import MetricsSource, fetch
from xelinkd.state.told import MAX_ODDITIES
from xelinkd.telling import tell
from xelinkd.workers.meter import Meter

if TYPE_CHECKING:
    from xelinkd.config.schema import Config
    from xelinkd.state.fetching import Effort

log = logs.logger()


def look(source: MetricsSource, known: Page | None = None, meter: Meter | None = None) -> Page | Unknown:
    """Fetch the page once and read it (a page known already is recognised, which is cheaper).

    Whether an incomplete page counts is not decided here.
    """
    try:
        with closing(fetch(source)) as parts:
            return read_parts(meter.through(parts) if meter else parts, known)
    except (FetchError, UnknownPageError) as error:
        return Unknown(error.reason, str(error))


class Observed(NamedTuple):
    """An observation, the same as a message that the writer takes, what it took, and what is odd about it."""

    observation: Observation
    message: bytes
    effort: Effort
    oddities: tuple[str, ...]


class Observer:
    """Turns one fetch after the other into observations, and tells what is wrong with the source."""

    def __init__(self, config: Config) -> None:
        """Begin without doubt and without faults."""
        self._source = source_of(config)
        self._enough = config.source.incomplete_fetches
        self._known: Page | None = None
        self._doubt = NO_DOUBT
        self._fault: Episode | None = None
        self._oddity: Episode | None = None
        self._oddities: tuple[str, ...] = ()

    def observe(self) -> Observed:
        """Fetch once."""
        at = clocks.now().boot
        meter = Meter()
        seen = look(self._source, self._known, meter)
        effort = meter.effort()
        self._known = seen if isinstance(seen, Page) else self._known
        observation = self._judge(seen, at)
        message = encode(observation)
        if len(message) > MAX_MESSAGE_SIZE:
            observation = Unknown(Reason.TOO_LARGE, f"the topology takes {len(message)} bytes: is it real?")
            message = encode(observation)
        self._tell(observation, at)
        return Observed(observation, message, effort, self._oddities)

    def _judge(self, seen: Page | Unknown, at: float) -> Observation:
        self._doubt, believed = judged(self._doubt, seen, enough=self._enough)
        if isinstance(believed, Unknown):
            return believed
        self._tell_oddity(believed, at)
        return Known(believed.topology, at)

    def _tell(self, observation: Observation, now: float) -> None:
        unknown = observation if isinstance(observation, Unknown) else None
        self._fault, news = follow(self._fault, unknown.reason if unknown else None, now)
        fields = {"reason": unknown.reason, "detail": unknown.detail} if unknown else {}
        tell(log, news, fault="topology_unknown", over="topology_known_again", **fields)

    def _tell_oddity(self, page: Page, now: float) -> None:
        """Warn of what is believed all the same."""
        oddities = (*([page.gap] if page.gap else []), *lane_disagreements(page.topology))[:MAX_ODDITIES]
        self._oddity, news = follow(self._oddity, oddities[0] if oddities else None, now)
        tell(log, news, fault="topology_odd", over="topology_odd_no_more", oddities=list(oddities))
        self._oddities = oddities


def source_of(config: Config) -> MetricsSource:
    """Build the source that the configuration asks for."""
    source = config.source
    login = Login(source.user, source.password_path) if source.password_path else None
    limit = source.max_page_mib * 1024 * 1024
    return MetricsSource(source.url, float(source.deadline), source.ca_file or None, limit, login)
