"""Lets fetches with credentials through only as often as XPU Manager can bear: see `model.login`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd import logs
from xelinkd.model.episodes import Episode, follow
from xelinkd.model.login import WAIT, Answer, Standing, after, must_wait
from xelinkd.telling import tell
from xelinkd.workers.lifeline import ADMITTED, ALIVE, SPARED, WARY, Lifeline

if TYPE_CHECKING:
    from xelinkd.model.unknown import Reason

log = logs.logger()


class Gate:
    """What is known of the credentials; the supervisor is told, for a fetcher that comes after this one."""

    def __init__(self, lifeline: Lifeline, standing: Standing | None, silence: float) -> None:
        """Take what is known already; None: there are no credentials, and nothing is ever held back.

        `silence`: seconds for which a fetch may be silent.
        """
        self._lifeline = lifeline
        self._silence = silence
        self._standing = standing
        self._wait: Episode | None = None

    @property
    def is_shut(self) -> bool:
        """Tell whether the next fetch waits because of the credentials."""
        return self._wait is not None

    def announce(self, *, sends: bool) -> None:
        """Tell of the fetch to come: before it, so that a crash in it does not make for another login."""
        is_risky = sends and self._standing is not None and self._standing.is_risky
        if is_risky:
            self._lifeline.say(WARY)
        else:
            self._lifeline.beat(ALIVE, silence=self._silence)

    def heed(self, answer: Answer | None, reason: Reason | None, now: float, *, again: bool) -> float:
        """Take in what the fetch told of the credentials; give the moment before which none shall be.

        `again`: the next fetch would send them, too; else it need not wait.
        """
        if self._standing is None or answer is None:
            return now
        was_risky, self._standing = self._standing.is_risky, after(self._standing, answer)
        waits = must_wait(self._standing, answer)
        self._tell(reason if waits and again else None, now)
        if waits != was_risky:
            self._lifeline.say(WARY if waits else ADMITTED if answer is Answer.ACCEPTED else SPARED)
        return now + WAIT if waits and again else now

    def _tell(self, reason: Reason | None, now: float) -> None:
        self._wait, news = follow(self._wait, reason, now)
        tell(log, news, fault="login_waiting", over="login_done", reason=reason, wait_seconds=WAIT)
