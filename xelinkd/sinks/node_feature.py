"""Labels kept in a NodeFeature object of the cluster: looked at once, written by server-side apply.

While nothing changes, nothing is asked. What fails is tried again after a wait (`model.pacing`), and until
then the failure stands: it is raised again as it was, without another request.
"""

from __future__ import annotations

import http.client
import random
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from xelinkd import clocks, logs
from xelinkd.model.feature_file import FeatureFile
from xelinkd.model.feature_file import render as render_file
from xelinkd.model.node_feature import (
    Identity,
    Metadata,
    Owner,
    daemon_set,
    read_bare,
    render,
)
from xelinkd.model.pacing import STEADY, Pace, failed
from xelinkd.model.undecodable import UNDECODABLE
from xelinkd.sinks.api_server import APPLY, JSON, Answer, ApiError, ApiServer, said
from xelinkd.sinks.objects import deletion, gone, judged, object_in, path_of, refusal, written_in
from xelinkd.sinks.sink import Absent, Foreign, Found, Ours
from xelinkd.telling import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xelinkd.config.sinks import NodeFeature as Settings
    from xelinkd.model.episodes import News
    from xelinkd.model.lease import Instant

RENEWAL: Final = (
    0.4,
    0.6,
)  # of the lease; each process draws its own, lest nodes renew together

REFUSALS: Final = 2  # of the owner that may pass
# A write that failed so was not carried out; any other may have been, its answer lost.
_NOT_DONE: Final = frozenset(
    {
        *("unauthorized", "forbidden", "not_installed", "conflict", "invalid", "http_status", "overloaded"),
        *("password_unreadable", "ca_unreadable", "tls_certificate", "dns", "refused"),
    }
)
_IN_DOUBT: Final = Ours(FeatureFile((), expiry=0), usable=False)  # to be written anew, or removed

_APPLIED: Final = "?fieldManager=xelinkd&force=true"

log = logs.logger()

_T = TypeVar("_T")


def node_feature(settings: Settings, on_wait: Callable[[], None] | None) -> NodeFeatureSink:
    """Keep labels in the object of this node; `on_wait` is called before each request, by who may wait."""
    return NodeFeatureSink(settings, on_wait)


class NodeFeatureSink:
    """The object, as far as it is known, and how the API server has treated us."""

    def __init__(
        self,
        settings: Settings,
        on_wait: Callable[[], None] | None = None,
        clock: Callable[[], Instant] = clocks.now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Know nothing yet; `chance` gives numbers from 0 to 1.

        Without `on_wait` nobody will try again: what may pass is taken as it is.
        """
        self._settings = settings
        self._server = ApiServer(settings.url, settings.credentials_dir, float(settings.deadline))
        self._purpose = f"{settings.url} {settings.place} {settings.owner}"
        self._on_wait = on_wait or (lambda: None)
        self._refusals = REFUSALS if on_wait else 0
        self._clock = clock
        self._chance = chance
        self._pace = STEADY
        self._error: ApiError | None = None  # of the last request, if it failed
        self._identity: Identity | None = None
        self._owner: Owner | None = None
        self._is_owner_known = not settings.owner
        self._found: Found | None = None  # None: to be looked at
        self._known = Metadata()
        self._looks = 1
        self.renewal: Final = RENEWAL[0] + (RENEWAL[1] - RENEWAL[0]) * chance()

    @property
    def place(self) -> str:
        """The object, with its namespace if that can be known."""
        try:
            who = self._who()
        except ApiError:
            return self._settings.place
        return f"NodeFeature {who.namespace}/{who.name}"

    @property
    def about(self) -> Mapping[str, object]:
        """The same as a field."""
        return {"object": self.place}

    @property
    def retry_at(self) -> float | None:
        """When the next request may be made, if the last one failed."""
        return self._pace.until if self._error else None

    def signature(self) -> int | None:
        """Give the number of the look to be taken: another one when what we know is outdated."""
        return None if isinstance(self._found, Absent) else self._looks

    def read(self) -> Found:
        """Give what is there, as far as we know; ask if we do not.

        Raises:
            ApiError: it is not known whether there is an object.

        """
        if self._found is None:
            self._found = self._look(self._owned(self._who()))
        return self._found

    def _look(self, who: Identity) -> Found:
        """Look at the object. Its owner is known by then: what succeeds must not be asked for again."""
        found = self._ask("GET", path_of(who), take=lambda answer: object_in(answer, who))
        self._known = found.metadata if found else Metadata()
        return judged(found, who)

    def check(self, lines: tuple[str, ...]) -> None:
        """Refuse what would not fit into a feature file either.

        Raises:
            TooLargeError: it would be more than any machine has.

        """
        render_file(FeatureFile(lines, expiry=0))

    def write(self, file: FeatureFile) -> int | None:
        """Apply labels and their end; what others have in the object stays.

        Raises:
            ApiError: it may have been done or not; doing it again does no harm.

        """
        who = self._owned(self._who())
        content = render(who, file)
        applied = self._ask(
            "PATCH", path_of(who) + _APPLIED, content, APPLY, take=lambda answer: written_in(answer, who)
        )
        self._known, self._found = applied.metadata, Ours(file, usable=True)
        return self.signature()

    def remove(self) -> None:
        """Delete the object, unless somebody has changed it since it was looked at.

        Raises:
            ApiError: it is there, or may be.

        """
        who = self._who()
        try:
            self._ask("DELETE", path_of(who), deletion(self._known), take=lambda answer: gone(answer, who))
        except ApiError as error:
            if error.reason == "conflict":
                self._found = None
                self._looks += 1
            raise
        self._found = Absent()

    def sweep(self) -> None:
        """Do nothing: a request is done or not, and leaves nothing behind."""

    def memo(self) -> bytes:
        """Give what a successor need not ask for, and how long it has to wait."""
        error = self._error
        return msgspec.msgpack.encode(
            _Memo(
                self._purpose,
                self._pace,
                (error.reason, str(error)) if error else None,
                isinstance(self._found, Absent),
                self._found if isinstance(self._found, Ours) else None,
                self._found if isinstance(self._found, Foreign) else None,
                Metadata(uid=self._known.uid, resource_version=self._known.resource_version),
                self._owner,
                self._is_owner_known,
            )
        )

    def recall(self, memo: bytes) -> None:
        """Go on with what a predecessor knew, if it had the same to do."""
        known = _read_memo(memo)
        if known is None or known.purpose != self._purpose:
            return
        self._pace, self._known = known.pace, known.known
        self._found = Absent() if known.is_absent else known.ours or known.foreign
        self._error = ApiError(*known.error) if known.error else None
        self._owner, self._is_owner_known = known.owner, known.is_owner_known

    # What it tells.

    def tell_foreign(self, found: Foreign) -> None:
        """Say that an object of that name is not ours."""
        log.warning("node_feature_foreign", object=self.place, found=found.what)

    def tell_repaired(self, expires: str) -> None:
        """Say that the object was gone, or another one than it should be."""
        log.warning("node_feature_repaired", object=self.place, expires=expires)

    def tell_fault(self, news: News, error: Exception | None) -> None:
        """Tell the course of what keeps the object from being right."""
        words = self.explain(error) if error else ""
        reason = error.reason if isinstance(error, ApiError) else ""
        tell(
            log,
            news,
            fault="node_feature_failing",
            over="node_feature_recovered",
            object=self.place,
            reason=reason,
            error=words,
        )

    def explain(self, error: Exception) -> str:
        """Give its text, which says what to do."""
        return str(error)

    # How it asks.

    def _who(self) -> Identity:
        if self._identity is None:
            namespace = self._settings.namespace or self._server.own_namespace()
            self._identity = Identity(self._settings.node_name, namespace)
        return self._identity

    def _owned(self, who: Identity) -> Identity:
        """Add the owner, whose uid is asked for once."""
        if not self._is_owner_known:
            path = f"/apis/apps/v1/namespaces/{who.namespace}/daemonsets/{self._settings.owner}"
            self._owner = self._ask("GET", path, take=self._take_owner)
            self._is_owner_known = True
        return Identity(who.node, who.namespace, self._owner)

    def _take_owner(self, answer: Answer) -> Owner | None:
        """Take an owner that is not there, or stays hidden from us, for none: the labels matter more.

        An API server that has just started (1.34) refuses for a moment what it allows.
        """
        name = self._settings.owner
        found = read_bare(answer.body)
        if answer.status == http.client.OK and found and found.metadata.uid:
            return daemon_set(name, found.metadata.uid)
        is_hidden = answer.status == http.client.FORBIDDEN and self._pace.failures >= self._refusals
        if is_hidden or answer.status == http.client.NOT_FOUND:
            log.warning("owner_unknown", daemonset=name, status=answer.status, said=said(answer))
            return None
        if answer.status == http.client.FORBIDDEN:
            raise ApiError("forbidden", f"let the service account get daemonset {name}{said(answer)}")
        raise refusal(answer, f"daemonset {name}")

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str = JSON,
        *,
        take: Callable[[Answer], _T],
    ) -> _T:
        """Ask, unless it is too soon for that, and take the answer in."""
        if self._error and self._clock().boot < self._pace.until:
            raise self._error.with_traceback(None)
        self._on_wait()
        try:
            taken = take(self._server.ask(method, path, body, kind))
        except ApiError as error:
            self._error = error
            self._pace = failed(self._pace, self._clock().boot, self._chance(), error.asked_for)
            if method == "PATCH" and error.reason not in _NOT_DONE:
                self._found = _IN_DOUBT
                self._looks += 1
            raise
        self._error = None
        if method != "GET":  # a look proves little: after each conflict there is one, and it succeeds
            self._pace = STEADY
        return taken


class _Memo(msgspec.Struct, frozen=True):
    """What one writer leaves to the next."""

    purpose: str
    pace: Pace
    error: tuple[str, str] | None
    is_absent: bool
    ours: Ours | None
    foreign: Foreign | None
    known: Metadata
    owner: Owner | None
    is_owner_known: bool


def _read_memo(memo: bytes) -> _Memo | None:
    try:
        return msgspec.msgpack.decode(memo, type=_Memo)
    except UNDECODABLE:  # nothing yet, or another sink's
        return None
