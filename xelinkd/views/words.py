"""Moments in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.model.feature_file import time_stamp
from xelinkd.model.words import relative

if TYPE_CHECKING:
    from xelinkd.state.told import State

_LAST: Final = 253_402_300_799.0  # the end of the year 9999: a fetcher that is taken over may tell any moment
_DATE: Final = len("2027-01-15")


def stamp(state: State, moment: float) -> str:
    """Give a moment of boot time as RFC 3339, in UTC."""
    return time_stamp(min(max(state.wall(moment), 0.0), _LAST))


def stamp_if_any(state: State, moment: float | None) -> str | None:
    """Give a moment that may not have been yet in the same way."""
    return None if moment is None else stamp(state, moment)


def clock(state: State, moment: float) -> str:
    """Give a moment of boot time as time of day in UTC, with the date if that is not today's."""
    at, now = stamp(state, moment), stamp(state, state.now.boot)
    date, time = at[:_DATE], at[_DATE + 1 : -1]
    return time if date == now[:_DATE] else f"{date} {time}"


def when(state: State, moment: float) -> str:
    """Give a moment in both ways: `07:59:55 UTC (5 s ago)`."""
    return f"{clock(state, moment)} UTC ({relative(moment - state.now.boot)})"
