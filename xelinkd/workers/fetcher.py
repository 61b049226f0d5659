"""The fetcher: asks XPU Manager at every interval, and sends what it learned to the writer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from xelinkd import clocks, logs
from xelinkd.model.belief import NO_DOUBT, is_believed, weigh
from xelinkd.model.episodes import Episode, follow
from xelinkd.model.observation import MAX_MESSAGE_SIZE, Known, Unknown, decode, encode
from xelinkd.model.page import Page, UnknownPageError, read_page
from xelinkd.model.topology import lane_disagreements
from xelinkd.model.unknown import Reason
from xelinkd.sources.failure import FetchError
from xelinkd.sources.metrics import MetricsSource, fetch
from xelinkd.workers.lifeline import ALIVE, Lifeline
from xelinkd.workers.telling import tell

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from xelinkd.config.schema import Config
    from xelinkd.model.observation import Observation

log = logs.logger()


def fetch_topology(config: Config, lifeline: Lifeline, observations: Connection, first: float) -> None:
    """Run the fetcher; the first fetch is at `first` (time.monotonic), or at once if that is past.

    Raises:
        Released: the supervisor closed the control pipe: the regular end.

    """
    observer = Observer(config)
    due = first
    while True:
        lifeline.wait([], due)
        lifeline.say(ALIVE)  # a fetch may be silent until its deadline
        due = max(due + config.source.interval, time.monotonic())  # keeps the beat, skips what was missed
        message = observer.observe_encoded()
        try:
            observations.send_bytes(message)
        except BrokenPipeError:  # the writer is gone; the supervisor, which knows, ends this half of the pair
            lifeline.wait([], None)


def look(source: MetricsSource, known: Page | None = None) -> Page | Unknown:
    """Fetch the page once and read it (a page known already is recognised, which is cheaper).

    Whether an incomplete page counts is not decided here.
    """
    try:
        return read_page(fetch(source), known)
    except (FetchError, UnknownPageError) as error:
        return Unknown(error.reason, str(error))


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

    def observe(self) -> Observation:
        """Fetch once."""
        return decode(self.observe_encoded())

    def observe_encoded(self) -> bytes:
        """Fetch once; give the observation as a message that the writer takes."""
        at = clocks.now().boot
        seen = look(self._source, self._known)
        self._known = seen if isinstance(seen, Page) else self._known
        observation = self._judge(seen, at)
        message = encode(observation)
        if len(message) > MAX_MESSAGE_SIZE:
            observation = Unknown(Reason.TOO_LARGE, f"the topology takes {len(message)} bytes: is it real?")
            message = encode(observation)
        self._tell(observation, at)
        return message

    def _judge(self, seen: Page | Unknown, at: float) -> Observation:
        self._doubt = weigh(self._doubt, seen if isinstance(seen, Page) else None, enough=self._enough)
        if isinstance(seen, Unknown):
            return seen
        if not is_believed(self._doubt, enough=self._enough):
            return Unknown(
                Reason.INCOMPLETE, f"{seen.gap} (seen {self._doubt.times} of {self._enough} times)"
            )
        self._tell_oddity(seen, at)
        return Known(seen.topology, at)

    def _tell(self, observation: Observation, now: float) -> None:
        unknown = observation if isinstance(observation, Unknown) else None
        self._fault, news = follow(self._fault, unknown.reason if unknown else None, now)
        fields = {"reason": unknown.reason, "detail": unknown.detail} if unknown else {}
        tell(log, news, fault="topology_unknown", over="topology_known_again", **fields)

    def _tell_oddity(self, page: Page, now: float) -> None:
        """Warn of what is believed all the same."""
        oddities = ([page.gap] if page.gap else []) + list(lane_disagreements(page.topology))
        self._oddity, news = follow(self._oddity, oddities[0] if oddities else None, now)
        tell(log, news, fault="topology_odd", over="topology_odd_no_more", oddities=oddities[:10])


def source_of(config: Config) -> MetricsSource:
    """Build the source that the configuration asks for."""
    source = config.source
    return MetricsSource(
        source.url, float(source.deadline), source.ca_file or None, source.max_page_mib * 1024 * 1024
    )
