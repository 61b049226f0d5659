"""The life of a unit (processes that are started, stopped and replaced together) as a total table."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final


class Phase(Enum):
    """Where a unit is in its life."""

    RUNNING = auto()  # all its processes live
    CLEARING = auto()  # something failed; what is left of it is being killed
    RESTING = auto()  # nothing lives; it starts again when its delay is over
    REPLACING = auto()  # released, to start anew at once
    LEAVING = auto()  # released, never to start again
    GONE = auto()  # the end


class Event(Enum):
    """What can happen to a unit."""

    MEMBER_ENDED = auto()  # one of its processes ended, others live
    ALL_ENDED = auto()  # its last process ended
    OVERDUE = auto()  # its moment has come: a heartbeat missed, a grace or a delay over
    REPLACE = auto()  # what it was built from has changed
    STOP = auto()  # the supervisor is told to end


class Act(Enum):
    """What the supervisor then does."""

    NOTHING = auto()
    START = auto()  # fork all its processes
    RELEASE = auto()  # let them end: what can be killed is killed, the rest is given a grace
    KILL = auto()  # SIGKILL to all
    REST = auto()  # note the failure, set the delay


_P, _E, _A = Phase, Event, Act

TRANSITIONS: Final[dict[tuple[Phase, Event], tuple[Phase, Act]]] = {
    (_P.RUNNING, _E.MEMBER_ENDED): (_P.CLEARING, _A.KILL),
    (_P.RUNNING, _E.ALL_ENDED): (_P.RESTING, _A.REST),
    (_P.RUNNING, _E.OVERDUE): (_P.CLEARING, _A.KILL),
    (_P.RUNNING, _E.REPLACE): (_P.REPLACING, _A.RELEASE),
    (_P.RUNNING, _E.STOP): (_P.LEAVING, _A.RELEASE),
    (_P.CLEARING, _E.MEMBER_ENDED): (_P.CLEARING, _A.NOTHING),
    (_P.CLEARING, _E.ALL_ENDED): (_P.RESTING, _A.REST),
    (_P.CLEARING, _E.OVERDUE): (_P.CLEARING, _A.KILL),
    (_P.CLEARING, _E.REPLACE): (_P.REPLACING, _A.NOTHING),
    (_P.CLEARING, _E.STOP): (_P.LEAVING, _A.NOTHING),
    (_P.RESTING, _E.MEMBER_ENDED): (_P.RESTING, _A.NOTHING),
    (_P.RESTING, _E.ALL_ENDED): (_P.RESTING, _A.NOTHING),
    (_P.RESTING, _E.OVERDUE): (_P.RUNNING, _A.START),
    (_P.RESTING, _E.REPLACE): (_P.RUNNING, _A.START),
    (_P.RESTING, _E.STOP): (_P.GONE, _A.NOTHING),
    (_P.REPLACING, _E.MEMBER_ENDED): (_P.REPLACING, _A.NOTHING),
    (_P.REPLACING, _E.ALL_ENDED): (_P.RUNNING, _A.START),
    (_P.REPLACING, _E.OVERDUE): (_P.REPLACING, _A.KILL),
    (_P.REPLACING, _E.REPLACE): (_P.REPLACING, _A.NOTHING),
    (_P.REPLACING, _E.STOP): (_P.LEAVING, _A.NOTHING),
    (_P.LEAVING, _E.MEMBER_ENDED): (_P.LEAVING, _A.NOTHING),
    (_P.LEAVING, _E.ALL_ENDED): (_P.GONE, _A.NOTHING),
    (_P.LEAVING, _E.OVERDUE): (_P.LEAVING, _A.KILL),
    (_P.LEAVING, _E.REPLACE): (_P.LEAVING, _A.NOTHING),
    (_P.LEAVING, _E.STOP): (_P.LEAVING, _A.NOTHING),
    (_P.GONE, _E.MEMBER_ENDED): (_P.GONE, _A.NOTHING),
    (_P.GONE, _E.ALL_ENDED): (_P.GONE, _A.NOTHING),
    (_P.GONE, _E.OVERDUE): (_P.GONE, _A.NOTHING),
    (_P.GONE, _E.REPLACE): (_P.GONE, _A.NOTHING),
    (_P.GONE, _E.STOP): (_P.GONE, _A.NOTHING),
}
