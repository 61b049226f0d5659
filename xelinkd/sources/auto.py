"""REST where it answers, the metrics page elsewhere: chosen once, and kept until it fails for good."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from xelinkd.model.login import WAIT, Answer
from xelinkd.model.observation import Unknown
from xelinkd.sources.metrics import metrics
from xelinkd.sources.rest import rest

if TYPE_CHECKING:
    from collections.abc import Callable

    from xelinkd.config.schema import Source as Settings
    from xelinkd.model.page import Page
    from xelinkd.sources.source import HttpSource, Seen, Through

PATIENCE: Final = 3  # failures in a row after which a choice is made anew
_MAYBE_REFUSED: Final = frozenset({Answer.REFUSED, Answer.NONE})


class Auto:
    """Two sources, and which of them is asked.

    While none is chosen, both share the deadline. Once REST refused the credentials, or may have, it rests
    for as long as a failed login takes.
    """

    def __init__(self, preferred: HttpSource, other: HttpSource, clock: Callable[[], float]) -> None:
        """Have chosen nothing yet; `clock` gives seconds and never goes back."""
        self._preferred = preferred
        self._other = other
        self._clock = clock
        self._chosen: HttpSource | None = None
        self._failures = 0
        self._rests_until = clock()

    @property
    def sends_login(self) -> bool:
        """Tell whether one of those that would be asked now has credentials."""
        return any(source.sends_login for source in self._candidates())

    def look(self, known: Page | None = None, through: Through = iter) -> Seen:
        """Ask the one that is chosen; else REST, and the page if that fails."""
        if self._chosen is None:
            return self._choose(known, through)
        seen = self._heard(self._chosen, self._chosen.look(known, through))
        self._failures = self._failures + 1 if isinstance(seen.outcome, Unknown) else 0
        if self._failures >= PATIENCE or seen.login is Answer.REFUSED:
            self._chosen, self._failures = None, 0
        return seen

    def _candidates(self) -> tuple[HttpSource, ...]:
        if self._chosen:
            return (self._chosen,)
        if self._clock() < self._rests_until:
            return (self._other,)
        return self._preferred, self._other

    def _choose(self, known: Page | None, through: Through) -> Seen:
        first, *others = self._candidates()
        seen = self._try(first, known, through)
        for other in others:
            if self._chosen or (other.sends_login and seen.login in _MAYBE_REFUSED):
                break  # the same credentials: no second login that may fail
            seen = _after(seen, self._try(other, known, through))
        return seen

    def _try(self, source: HttpSource, known: Page | None, through: Through) -> Seen:
        seen = self._heard(source, _hurried(source).look(known, through))
        if isinstance(seen.outcome, Unknown):
            return seen
        self._chosen = source
        return seen._replace(chosen="it answers")

    def _heard(self, source: HttpSource, seen: Seen) -> Seen:
        if source is self._preferred and seen.login in _MAYBE_REFUSED:
            self._rests_until = self._clock() + WAIT
        return seen


def auto(settings: Settings) -> Auto:
    """Prefer `source.rest_url` to `source.url`."""
    return Auto(rest(settings), metrics(settings), time.monotonic)


def _hurried(source: HttpSource) -> HttpSource:
    return replace(source, place=replace(source.place, deadline_seconds=source.place.deadline_seconds / 2))


def _after(failed: Seen, seen: Seen) -> Seen:
    """Tell of the second source why the first was not taken; two failures go under the first one's reason."""
    login = seen.login or failed.login
    if not isinstance(failed.outcome, Unknown):
        return seen
    reason, why = failed.outcome.reason, failed.outcome.detail
    if isinstance(seen.outcome, Unknown):
        return seen._replace(outcome=Unknown(reason, f"{why}; then {seen.outcome.detail}"), login=login)
    return seen._replace(login=login, chosen=f"{reason}: {why}")
