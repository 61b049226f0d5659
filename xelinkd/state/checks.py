"""What the probes ask: whether a restart could help (live), and whether the labels are true (ready)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.model.words import count, span

if TYPE_CHECKING:
    from xelinkd.state.told import State, UnitState

FEATURE_FILE: Final = "feature-file"  # the sink that has a lock
PIPELINE: Final = "pipeline"
WRITER: Final = "writer"
RUNNING: Final = "running"
RESTING: Final = "resting"
CRASHING: Final = 3  # failures in a row after which a restart is no accident
SLACK: Final = 10.0  # seconds; a busy node is no dead daemon


class Check(Struct, frozen=True):
    """One thing that was looked at; `detail` says why it fails, or what there is to know."""

    name: str
    passed: bool
    detail: str


def live(state: State) -> tuple[Check, ...]:
    """Tell whether the daemon makes progress. What a restart cannot mend (source, folder) is no failure."""
    return _supervisor(state), _pipeline_progress(state)


def ready(state: State) -> tuple[Check, ...]:
    """Tell whether the configuration is good, fetches go on, and the labels are true and in their lease."""
    lock = (_lock(state),) if state.supervision.sink == FEATURE_FILE else ()
    return _config(state), _pipeline(state), *lock, _labels(state), _sink(state)


def has_settled(state: State) -> bool:
    """Tell whether all units run as configured now, and the pipeline has brought its first outcome."""
    if any(unit.phase != RUNNING for unit in state.supervision.units):
        return False
    began = (process.since for process in state.supervision.processes if process.name == WRITER)
    took = state.keeping.took_at
    return took is not None and all(took >= since for since in began)


def passed(checks: tuple[Check, ...]) -> bool:
    """Tell whether all of them passed."""
    return all(check.passed for check in checks)


def unit_of(state: State, name: str) -> UnitState | None:
    """Find a unit by its name."""
    return next((unit for unit in state.supervision.units if unit.name == name), None)


def _good(name: str, detail: str) -> Check:
    return Check(name, passed=True, detail=detail)


def _bad(name: str, detail: str) -> Check:
    return Check(name, passed=False, detail=detail)


def _supervisor(state: State) -> Check:
    silent = state.now.boot - state.turned_at
    if silent > state.supervision.timing.heartbeat_deadline + SLACK:
        return _bad("supervisor", f"has not woken for {span(silent)}")
    return _good("supervisor", f"awake {span(silent)} ago")


def _pipeline_progress(state: State) -> Check:
    """Look for fetches that begin when they shall; while the kernel does not let a worker end, none can."""
    unit = unit_of(state, PIPELINE)
    if unit is not None and unit.phase not in {RUNNING, RESTING}:
        return _good(PIPELINE, unit.phase)
    return _fetches(state) or _good(PIPELINE, "fetches go on as they should")


def _fetches(state: State) -> Check | None:
    """Find that no fetch has begun for too long."""
    silent = state.now.boot - _latest_sign(state)
    return _bad(PIPELINE, f"no fetch has begun for {span(silent)}") if silent > _patience(state) else None


def _latest_sign(state: State) -> float:
    """Give when the pipeline last did something, or is to do it."""
    fetching = state.fetching
    moments = (state.supervision.started_at, fetching.began_at, fetching.ended_at, fetching.asks_at)
    return max(moment for moment in moments if moment is not None)


def _patience(state: State) -> float:
    timing = state.supervision.timing
    return timing.deadline + timing.heartbeat_deadline + timing.restart_delay_max + SLACK


def _config(state: State) -> Check:
    """Leave out what is wrong: a probe is answered to everybody, and a configuration is not for everybody."""
    if problems := state.supervision.configuration.problems:
        told = f"{count(len(problems), 'problem')}, which its log and `xelinkd check` tell"
        return _bad("config", f"refused, the former one is in force: {told}")
    return _good("config", "in force")


def _pipeline(state: State) -> Check:
    unit = unit_of(state, PIPELINE)
    if unit is None or (unit.is_failing and unit.failures >= CRASHING):
        return _bad(PIPELINE, f"failed {unit.failures if unit else 0} times in a row")
    return _fetches(state) or _good(PIPELINE, unit.phase)


def _lock(state: State) -> Check:
    if state.keeping.waits_for_lock:
        return _bad("lock", "another xelinkd keeps the feature file")
    return _good("lock", "the feature file is ours to keep")


def _labels(state: State) -> Check:
    keeping, now = state.keeping, state.now.boot
    if keeping.end is None or keeping.end <= now:
        why = keeping.ignorance.detail if keeping.ignorance else "no observation yet"
        return _bad("labels", f"none are held: {why}")
    return _good("labels", f"hold for {span(keeping.end - now)}")


def _sink(state: State) -> Check:
    if fault := state.keeping.fault:
        return _bad(state.supervision.sink, fault.error)
    return _good(state.supervision.sink, "as it shall be")
