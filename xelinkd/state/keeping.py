"""How an observation and a look at the labels change what the writer tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from xelinkd.model.observation import Known, Observation
from xelinkd.state import history
from xelinkd.state.history import History, Kind
from xelinkd.state.told import Fault, Ignorance, Keeping

if TYPE_CHECKING:
    from xelinkd.model.lease import Held


class Work(Struct, frozen=True):
    """How often labels were written, and how often that or a look at them failed."""

    writes: int
    errors: int


def told(keeping: Keeping, observation: Observation, at: float) -> Keeping:
    """Take in an observation that arrived."""
    if isinstance(observation, Known):
        return replace(keeping, known_at=min(observation.at, at), ignorance=None, took_at=at)
    began = keeping.ignorance.since if keeping.ignorance else at
    ignorance = Ignorance(observation.reason, observation.detail, began)
    return replace(keeping, ignorance=ignorance, took_at=at)


def kept(keeping: Keeping, held: Held | None, fault: Fault | None, work: Work, at: float) -> Keeping:
    """Take in how the labels stand after a look at the file, and what it took since the one before."""
    lines, end = (held.lines, held.end) if held else ((), None)
    return replace(
        keeping,
        lines=lines,
        end=end,
        fault=fault,
        writes=keeping.writes + work.writes,
        errors=keeping.errors + work.errors,
        written_at=at if work.writes else keeping.written_at,
        waits_for_lock=False,
    )


def locked_out(keeping: Keeping) -> Keeping:
    """Take in that another xelinkd keeps the feature file: what is in it is not known."""
    return replace(keeping, lines=(), end=None, fault=None, waits_for_lock=True)


def outline(keeping: Keeping) -> tuple[object, ...]:
    """Give what is news if it is another: all but the moments that each observation sets."""
    return (
        keeping.lines,
        keeping.ignorance,
        keeping.fault,
        keeping.waits_for_lock,
        keeping.known_at is None,
        keeping.end is None,
    )


def remembered(before: History, observation: Observation, keeping: Keeping, at: float) -> History:
    """Take in what an observation shows of the links; `keeping` is how things stood before it."""
    if isinstance(observation, Known):
        after = history.seen(before, observation.topology, at)
        failed = keeping.ignorance
        return history.noted(after, Kind.SOURCE_BACK, at, failed.reason) if failed else after
    if keeping.ignorance:  # another reason, perhaps: the log has them all, and links matter more here
        return before
    return history.noted(before, Kind.SOURCE_FAILING, at, observation.reason, observation.detail)


def has_ended(before: Keeping, held: Held | None, at: float) -> bool:
    """Tell whether the lease of the labels held before has ended."""
    return held is None and before.end is not None and before.end <= at
