"""Turns what XPU Manager answers into observations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xelinkd import clocks, logs
from xelinkd.model.belief import NO_DOUBT, judged
from xelinkd.model.episodes import Episode, follow
from xelinkd.model.observation import MAX_MESSAGE_SIZE, Known, Observation, Unknown, encode
from xelinkd.model.page import Page
from xelinkd.model.topology import lane_disagreements
from xelinkd.model.unknown import Reason
from xelinkd.sources.kinds import source_of
from xelinkd.state.told import MAX_ODDITIES
from xelinkd.telling import tell
from xelinkd.workers.meter import Meter

if TYPE_CHECKING:
    from xelinkd.config.schema import Config
    from xelinkd.model.login import Answer
    from xelinkd.sources.source import Seen
    from xelinkd.state.fetching import Effort

log = logs.logger()


class Observed(NamedTuple):
    """An observation, the same as a message that the writer takes, what it took, and what is odd about it.

    `login` and `address` are as in `sources.source.Seen`.
    """

    observation: Observation
    message: bytes
    effort: Effort
    oddities: tuple[str, ...]
    login: Answer | None
    address: str


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
        self._told: Page | None = None  # the one whose oddities these are

    @property
    def sends_login(self) -> bool:
        """Tell whether a fetch now would send credentials."""
        return self._source.sends_login

    def observe(self) -> Observed:
        """Fetch once."""
        at = clocks.now().boot
        meter = Meter()
        seen = self._source.look(self._known, meter.through)
        effort = meter.effort()
        self._known = seen.outcome if isinstance(seen.outcome, Page) else self._known
        _tell_choice(seen)
        observation = self._judge(seen.outcome, at)
        message = encode(observation)
        if len(message) > MAX_MESSAGE_SIZE:
            observation = Unknown(Reason.TOO_LARGE, f"the topology takes {len(message)} bytes: is it real?")
            message = encode(observation)
        self._tell(observation, at)
        return Observed(observation, message, effort, self._oddities, seen.login, seen.address)

    def _judge(self, seen: Page | Unknown, at: float) -> Observation:
        self._doubt, believed = judged(self._doubt, seen, enough=self._enough)
        if isinstance(believed, Unknown):
            return believed
        self._tell_oddity(believed, at)
        return Known(believed.topology, at, believed.gap)

    def _tell(self, observation: Observation, now: float) -> None:
        unknown = observation if isinstance(observation, Unknown) else None
        self._fault, news = follow(self._fault, unknown.reason if unknown else None, now)
        fields = {"reason": unknown.reason, "detail": unknown.detail} if unknown else {}
        tell(log, news, fault="topology_unknown", over="topology_known_again", **fields)

    def _tell_oddity(self, page: Page, now: float) -> None:
        """Warn of what is believed all the same."""
        oddities = self._oddities if page is self._told else _oddities_of(page)
        self._told = page
        self._oddity, news = follow(self._oddity, oddities[0] if oddities else None, now)
        tell(log, news, fault="topology_odd", over="topology_odd_no_more", oddities=list(oddities))
        self._oddities = oddities


def _oddities_of(page: Page) -> tuple[str, ...]:
    return (*([page.gap] if page.gap else []), *lane_disagreements(page.topology))[:MAX_ODDITIES]


def _tell_choice(seen: Seen) -> None:
    if seen.chosen:
        log.info("source_chosen", address=seen.address, because=seen.chosen)
