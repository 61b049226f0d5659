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

    While none is chosen, both share the deadline. Once REST refused the credentials, or may have, it is left
    alone for as long as after any failed login.
    """

    def __init__(self, preferred: HttpSource, other: HttpSource, clock: Callable[[], float]) -> None:
        """Have chosen nothing yet; `clock` gives seconds and never goes back."""
        self._preferred = preferred
        self._other = other
        self._clock = clock
        self._chosen: HttpSource | None = None
        self._failures = 0
        self._refusal: tuple[float, Seen] | None = None  # until when it counts, and how it came

    @property
    def sends_login(self) -> bool:
        """Tell whether one of those that would be asked now has credentials."""
        if self._chosen:
            return self._chosen.sends_login
        return self._other.sends_login or (self._preferred.sends_login and self._standing_refusal() is None)

    def look(self, known: Page | None = None, through: Through = iter) -> Seen:
        """Ask the one that is chosen; else REST, and the page if that fails."""
        if self._chosen is None:
            return self._choose(known, through)
        seen = self._heard(self._chosen, self._chosen.look(known, through))
        self._failures = self._failures + 1 if isinstance(seen.outcome, Unknown) else 0
        if self._failures >= PATIENCE or seen.login is Answer.REFUSED:
            self._chosen, self._failures = None, 0
        return seen

    def _choose(self, known: Page | None, through: Through) -> Seen:
        seen = self._standing_refusal() or self._try(self._preferred, known, through)
        if self._chosen or (self._other.sends_login and seen.login in _MAYBE_REFUSED):
            return seen  # the same credentials: no second login that may fail
        return _after(seen, self._try(self._other, known, through))

    def _standing_refusal(self) -> Seen | None:
        """Give what REST said when it last was asked, if it may not be asked yet."""
        if self._refusal is None or self._clock() >= self._refusal[0]:
            return None
        return self._refusal[1]._replace(login=None)

    def _try(self, source: HttpSource, known: Page | None, through: Through) -> Seen:
        seen = self._heard(source, _hurried(source).look(known, through))
        if isinstance(seen.outcome, Unknown):
            return seen
        self._chosen = source
        return seen._replace(chosen="it answers")

    def _heard(self, source: HttpSource, seen: Seen) -> Seen:
        if source is self._preferred and seen.login in _MAYBE_REFUSED:
            self._refusal = self._clock() + WAIT, seen
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
