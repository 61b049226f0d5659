"""What every source is, whatever kind it has; and the kind that answers over HTTP."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace

from xelinkd.model.login import Answer, answer_of
from xelinkd.model.observation import Unknown
from xelinkd.model.unknown import UnknownPageError
from xelinkd.net.failure import FetchError
from xelinkd.sources.login import without_login
from xelinkd.sources.place import Place, fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xelinkd.model.page import Page

    Through = Callable[[Iterable[bytes]], Iterable[bytes]]


class Seen(NamedTuple):
    """What came of asking once.

    `login`: what it tells of the credentials; None: there were none to be sent. `address`: who was asked.
    `chosen`: why that one, where there was a choice that was made just now.
    """

    outcome: Page | Unknown
    login: Answer | None
    address: str
    chosen: str | None = None


class Source(Protocol):
    """Somewhere that can be asked for the topology, again and again."""

    @property
    def sends_login(self) -> bool:
        """Tell whether asking now would send credentials."""

    def within(self, seconds: float) -> Source:
        """Give the same source with another deadline for asking once."""

    def look(self, known: Page | None = None, through: Through = iter) -> Seen:
        """Ask once; an answer that is known already is recognised, which is cheaper.

        What is received passes `through` on its way. Whether an incomplete answer counts is not decided here.
        """


class HttpSource(Struct, frozen=True):
    """A place that answers over HTTP, and how its answers are read."""

    place: Place
    read: Callable[[Iterable[bytes], Page | None], Page]

    @property
    def sends_login(self) -> bool:
        """Tell whether there are credentials: then they are sent each time."""
        return self.place.login is not None

    def within(self, seconds: float) -> HttpSource:
        """Give the same source with another deadline."""
        return replace(self, place=replace(self.place, deadline_seconds=seconds))

    def look(self, known: Page | None = None, through: Through = iter) -> Seen:
        """Ask once."""
        outcome = self._outcome(known, through)
        reason = outcome.reason if isinstance(outcome, Unknown) else None
        return Seen(outcome, answer_of(reason) if self.sends_login else None, self.place.url)

    def _outcome(self, known: Page | None, through: Through) -> Page | Unknown:
        try:
            with closing(fetch(self.place)) as parts:
                return self.read(through(parts), known)
        except FetchError as error:
            return Unknown(error.reason, error.detail)
        except UnknownPageError as error:
            return Unknown(error.reason, without_login(str(error), self.place.login))
