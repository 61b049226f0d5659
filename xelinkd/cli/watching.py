"""What `xelinkd watch` follows: a running xelinkd, or a page of XPU Manager. Each look gives what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from xelinkd import clocks
from xelinkd.cli.service import ask_document
from xelinkd.cli.topology_text import as_matrix, snapshot_of
from xelinkd.model.belief import NO_DOUBT, judged
from xelinkd.model.feature_file import time_stamp
from xelinkd.model.login import NEW, WAIT, after, must_wait
from xelinkd.model.observation import Unknown
from xelinkd.model.page import Page
from xelinkd.net.failure import FetchError
from xelinkd.outputs.json_document import document
from xelinkd.state.history import NO_HISTORY, Kind, noted, seen, since
from xelinkd.views.terminal.changes import Change, changes
from xelinkd.views.terminal.status_text import as_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.cli.service import Service
    from xelinkd.config.schema import Config
    from xelinkd.model.lease import Instant
    from xelinkd.model.login import Answer
    from xelinkd.model.unknown import Reason
    from xelinkd.sources.source import Source
    from xelinkd.state.history import Event, History
    from xelinkd.views.documents.status_document import Document
    from xelinkd.views.terminal.look import Line, Look


class Picture(Struct, frozen=True):
    """All that is known at the beginning: in words, and as what becomes JSON."""

    time: str
    lines: tuple[Line, ...]
    state: object


News = Picture | Change


class ServiceWatch:
    """Follows a running xelinkd, also through times when it does not answer."""

    def __init__(self, service: Service, look: Look, every: float) -> None:
        """Know nothing yet; ask once in `every` seconds."""
        self.pause = every
        self._service = service
        self._look = look
        self._known: Document | None = None
        self._fault: Reason | None = None

    def look(self) -> Iterator[News]:
        """Ask once, and tell what is new."""
        try:
            document = ask_document(self._service)
        except FetchError as error:
            yield from self._no_answer(error)
            return
        if self._fault is not None:
            yield Change(_now(), "answers_again", self._service.url)
        yield from changes(self._known, document) if self._known else (self._picture(document),)
        self._known, self._fault = document, None

    def _no_answer(self, error: FetchError) -> Iterator[Change]:
        if error.reason is not self._fault:
            yield Change(_now(), "no_answer", error.reason, str(error))
        self._fault = error.reason

    def _picture(self, document: Document) -> Picture:
        lines = tuple(as_lines(document, self._service.url, self._look))
        return Picture(document.time, lines, document)


class SourceWatch:
    """Follows a page of XPU Manager, with the daemon's own rules for what is believed and for logins."""

    def __init__(self, source: Source, config: Config, every: float) -> None:
        """Know nothing yet; fetch once in `every` seconds, and later where a login failed."""
        self.pause = every
        self._every = every
        self._source = source
        self._config = config
        self._history = NO_HISTORY
        self._reason: Reason | None = None
        self._doubt = NO_DOUBT
        self._standing = NEW

    def look(self) -> Iterator[News]:
        """Fetch once, and tell what is new."""
        now = clocks.now()
        enough = self._config.source.incomplete_fetches
        seen_now = self._source.look()
        self._doubt, page = judged(self._doubt, seen_now.outcome, enough=enough)
        self._pace(seen_now.login)
        is_first = self._history.topology is None
        before, self._history = self._history, self._taken_in(page, now.boot)
        yield from (_change(event, now) for event in since(self._history, before))
        if is_first and isinstance(page, Page):
            yield Picture(
                _at(now), tuple(as_matrix(page, self._config)), document(snapshot_of(page, self._config))
            )

    def _pace(self, answer: Answer | None) -> None:
        """Wait long where a login failed, or may have: it slows XPU Manager down for everybody."""
        if answer is None:
            return
        self._standing = after(self._standing, answer)
        waits = must_wait(self._standing, answer) and self._source.sends_login
        self.pause = WAIT if waits else self._every

    def _taken_in(self, page: Page | Unknown, at: float) -> History:
        was, self._reason = self._reason, page.reason if isinstance(page, Unknown) else None
        if isinstance(page, Unknown):
            failing = (Kind.SOURCE_FAILING, at, page.reason, page.detail)
            return self._history if page.reason is was else noted(self._history, *failing)
        back = noted(self._history, Kind.SOURCE_BACK, at) if was else self._history
        return seen(back, page.topology, at)


def as_json(news: News) -> bytes:
    """Give one JSON object, in one line."""
    shown = news if isinstance(news, Change) else {"time": news.time, "event": "state", "state": news.state}
    return msgspec.json.encode(shown) + b"\n"


def _change(event: Event, now: Instant) -> Change:
    return Change(_at(now), str(event.kind), event.subject, event.detail)


def _at(moment: Instant) -> str:
    return time_stamp(moment.wall)


def _now() -> str:
    return _at(clocks.now())
