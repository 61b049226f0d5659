"""REST where it answers, else the page, else Level Zero: chosen once, and kept until it fails for good."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from xelinkd.model.login import WAIT, Answer
from xelinkd.model.observation import Unknown
from xelinkd.sources.level_zero import level_zero
from xelinkd.sources.metrics import metrics
from xelinkd.sources.rest import rest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xelinkd.config.sources import Source as Settings
    from xelinkd.model.page import Page
    from xelinkd.sources.source import Seen, Source, Through

FIRST_CHOICE: Final = "it answers"  # why the best one was chosen
PATIENCE: Final = 3  # failures in a row after which a choice is made anew
_MAYBE_REFUSED: Final = frozenset({Answer.REFUSED, Answer.NONE})


class Auto:
    """Several sources, the best one first, and which of them is asked.

    While none is chosen, they share the deadline. Once one refused the credentials, or may have, nobody is
    sent them for as long as after any failed login.
    """

    def __init__(
        self, sources: Sequence[Source], deadline_seconds: float, clock: Callable[[], float]
    ) -> None:
        """Have chosen nothing yet; `clock` gives seconds and never goes back."""
        self._sources = sources
        self._deadline_seconds = deadline_seconds
        self._clock = clock
        self._chosen: Source | None = None
        self._failures = 0
        self._refusal: tuple[float, Seen] | None = None  # until when it counts, and how it came

    @property
    def sends_login(self) -> bool:
        """Tell whether one of those that would be asked now has credentials."""
        if self._chosen:
            return self._chosen.sends_login
        return any(source.sends_login and self._refusal_for(source) is None for source in self._sources)

    def within(self, seconds: float) -> Auto:
        """Give the same choice, not made yet, with another deadline."""
        return Auto(self._sources, seconds, self._clock)

    def look(self, known: Page | None = None, through: Through = iter) -> Seen:
        """Ask the one that is chosen; else one after the other, until one answers."""
        if self._chosen is None:
            return self._choose(known, through)
        seen = self._heard(self._chosen.look(known, through))
        self._failures = self._failures + 1 if isinstance(seen.outcome, Unknown) else 0
        if self._failures >= PATIENCE or seen.login is Answer.REFUSED:
            self._chosen, self._failures = None, 0
        return seen

    def _choose(self, known: Page | None, through: Through) -> Seen:
        until = self._clock() + self._deadline_seconds
        tried: list[Seen] = []
        for number, source in enumerate(self._sources):
            if refusal := self._refusal_for(source):
                tried += [] if tried else [refusal]
                continue
            share = (until - self._clock()) / (len(self._sources) - number)
            tried.append(self._heard(source.within(share).look(known, through)))
            if not isinstance(tried[-1].outcome, Unknown):
                self._chosen = source
                break
        return _told_together(tried)

    def _refusal_for(self, source: Source) -> Seen | None:
        """Give what was said when the credentials were sent last, if this source may not be sent them yet."""
        if not source.sends_login or self._refusal is None or self._clock() >= self._refusal[0]:
            return None
        return self._refusal[1]._replace(login=None)

    def _heard(self, seen: Seen) -> Seen:
        if seen.login in _MAYBE_REFUSED:
            self._refusal = self._clock() + WAIT, seen
        return seen


def auto(settings: Settings) -> Auto:
    """Choose among all; `config.sources.CHOICE` names them in the same order."""
    sources = (rest(settings), metrics(settings), level_zero(settings))
    return Auto(sources, float(settings.deadline), time.monotonic)


def _told_together(tried: Sequence[Seen]) -> Seen:
    """Tell of the last source why those before were not taken; failures go under the first one's reason."""
    *_, last = tried
    failures = [seen.outcome for seen in tried if isinstance(seen.outcome, Unknown)]
    why = "; then ".join(failure.detail for failure in failures)
    login = next((seen.login for seen in reversed(tried) if seen.login), None)
    if isinstance(last.outcome, Unknown):
        return last._replace(outcome=Unknown(failures[0].reason, why), login=login)
    return last._replace(login=login, chosen=f"{failures[0].reason}: {why}" if failures else FIRST_CHOICE)
