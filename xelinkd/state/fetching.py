"""How a fetch changes what the fetcher tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from xelinkd.model.observation import Known, Observation
from xelinkd.state.histogram import OF_A_FETCH, OF_PARSING, counted

if TYPE_CHECKING:
    from xelinkd.state.told import Fetching


class Effort(Struct, frozen=True):
    """What a fetch took: seconds until all bytes were there, seconds to read them, and how many came."""

    fetch_seconds: float
    parse_seconds: float
    page_bytes: int


def asked(fetching: Fetching, address: str) -> Fetching:
    """Take in who was asked last."""
    return replace(fetching, address=address)


def began(fetching: Fetching, at: float) -> Fetching:
    """Take in that a fetch begins."""
    return replace(fetching, began_at=at)


def ended(
    fetching: Fetching, observation: Observation, effort: Effort, oddities: tuple[str, ...], at: float
) -> Fetching:
    """Take in what a fetch brought."""
    told = _measured(_outcome(fetching, observation), effort)
    return replace(told, oddities=oddities, ended_at=at)


def planned(fetching: Fetching, at: float, *, waits_for_login: bool) -> Fetching:
    """Take in when the next fetch is due, and whether it is refused credentials that make it wait."""
    return replace(fetching, asks_at=at, waits_for_login=waits_for_login)


def _measured(fetching: Fetching, effort: Effort) -> Fetching:
    told = replace(fetching, fetch_seconds=counted(fetching.fetch_seconds, OF_A_FETCH, effort.fetch_seconds))
    if not effort.page_bytes:  # nothing came that could be read
        return told
    parsed = counted(told.parse_seconds, OF_PARSING, effort.parse_seconds)
    return replace(told, parse_seconds=parsed, page_bytes=effort.page_bytes)


def _outcome(fetching: Fetching, observation: Observation) -> Fetching:
    if isinstance(observation, Known):
        return replace(fetching, known=fetching.known + 1)
    reason = observation.reason
    return replace(fetching, unknown={**fetching.unknown, reason: fetching.unknown.get(reason, 0) + 1})
