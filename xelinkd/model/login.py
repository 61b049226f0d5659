"""When credentials may be sent: a failed login slows XPU Manager down for everybody.

XPU Manager 1.3's REST server sleeps 2^n s (up to 256 s) on one of its few threads after the n-th failed
login, whoever made it. So a wrong password shows as a time-out as often as by status 401, and a client that
tries it at every interval takes all threads.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from xelinkd.model.unknown import Reason

WAIT: Final = 300.0  # seconds from a login that failed, or may have, to the next
PATIENCE: Final = 3  # time-outs in a row after which even an accepted password may be wrong by now


class Answer(Enum):
    """What a fetch tells about the credentials."""

    ACCEPTED = auto()
    REFUSED = auto()
    NONE = auto()  # they were sent, perhaps, and nothing came back
    NOT_SENT = auto()  # the fetch failed before
    OTHER = auto()  # something came back, but not about them


class Standing(Struct, frozen=True):
    """What is known of the credentials: whether they were accepted, and time-outs in a row since."""

    accepted: bool = False
    unanswered: int = 0

    @property
    def is_risky(self) -> bool:
        """Tell whether to send them may be a failed login."""
        return not self.accepted or self.unanswered >= PATIENCE


NEW: Final = Standing()
ACCEPTED: Final = Standing(accepted=True)

_NOT_SENT: Final = frozenset(
    {
        Reason.PASSWORD_UNREADABLE,
        Reason.DNS,
        Reason.REFUSED,
        Reason.UNREACHABLE,
        Reason.CA_UNREADABLE,
        Reason.TLS_CERTIFICATE,
        Reason.TLS,
    }
)
_UNANSWERED: Final = frozenset({Reason.TIMEOUT, Reason.CLOSED, Reason.PROTOCOL})
_OTHER: Final = frozenset({Reason.HTTP_STATUS, Reason.REDIRECT})


def answer_of(reason: Reason | None) -> Answer:
    """Take from a fetch's outcome (None: a topology) what it tells; every other reason means a page came."""
    if reason is Reason.UNAUTHORIZED:
        return Answer.REFUSED
    if reason in _NOT_SENT:
        return Answer.NOT_SENT
    if reason in _UNANSWERED:
        return Answer.NONE
    return Answer.OTHER if reason in _OTHER else Answer.ACCEPTED


def after(standing: Standing, answer: Answer) -> Standing:
    """Take in what a fetch told."""
    match answer:
        case Answer.ACCEPTED:
            return ACCEPTED
        case Answer.REFUSED:
            return NEW
        case Answer.NONE:
            return replace(standing, unanswered=standing.unanswered + 1)
        case Answer.NOT_SENT | Answer.OTHER:
            return standing


def must_wait(standing: Standing, answer: Answer) -> bool:
    """Tell whether the next fetch has to wait, given the standing after this one."""
    return answer is Answer.REFUSED or (answer is Answer.NONE and standing.is_risky)
