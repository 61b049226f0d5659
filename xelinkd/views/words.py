"""Numbers, spans of time and moments in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.model.feature_file import time_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xelinkd.state.told import State

_UNITS: Final = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_LAST: Final = 253_402_300_799.0  # the end of the year 9999: a fetcher that is taken over may tell any moment
_DATE: Final = len("2027-01-15")


def count(number: int, noun: str) -> str:
    """Give a number with its noun: `1 link`, `2 links`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: Iterable[str], most: int) -> str:
    """Give at most so many names, and how many more there are."""
    names = tuple(names)
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def span(seconds: float) -> str:
    """Give whole seconds in the two largest units that count: `5 s`, `12 min 3 s`, `2 d 4 h`."""
    rest, parts = max(0, int(seconds)), []
    for unit, size in _UNITS:
        number, rest = divmod(rest, size)
        parts.append((number, unit))
    first = next((index for index, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number) or "0 s"


def relative(seconds: float) -> str:
    """Tell how far off a moment is: `5 s ago`, `in 3 h`; negative is in the past."""
    return f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"


def stamp(state: State, moment: float) -> str:
    """Give a moment of boot time as RFC 3339, in UTC."""
    return time_stamp(min(max(state.wall(moment), 0.0), _LAST))


def clock(state: State, moment: float) -> str:
    """Give a moment of boot time as time of day in UTC, with the date if that is not today's."""
    at, now = stamp(state, moment), stamp(state, state.now.boot)
    date, time = at[:_DATE], at[_DATE + 1 : -1]
    return time if date == now[:_DATE] else f"{date} {time}"


def when(state: State, moment: float) -> str:
    """Give a moment in both ways: `07:59:55 UTC (5 s ago)`."""
    return f"{clock(state, moment)} UTC ({relative(moment - state.now.boot)})"
