"""What makes a daemon live and ready."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.states import FETCHING, GOOD, KEEPING, SUPERVISION, changed

from xelinkd.model.lease import Instant
from xelinkd.model.unknown import Reason
from xelinkd.state.checks import has_settled, live, passed, ready
from xelinkd.state.told import Fault, Ignorance, Keeping, State, UnitState

IGNORANT = Ignorance(Reason.REFUSED, "nothing listens there", 9_000.0)


def later(state: State, seconds: float) -> State:
    """Give the same state, looked at later, by a supervisor that is awake."""
    now = Instant(state.now.boot + seconds, state.now.wall + seconds)
    return replace(state, now=now, turned_at=now.boot)


def pipeline(phase: str, failures: int, *, is_failing: bool) -> State:
    """Give a state whose pipeline is like this."""
    units = (UnitState("pipeline", phase, failures, is_failing=is_failing),)
    return replace(GOOD, supervision=changed(SUPERVISION, units=units))


def test_good_day() -> None:
    """A daemon that works is live and ready."""
    assert passed(live(GOOD))
    assert passed(ready(GOOD))


def test_source_that_fails() -> None:
    """While XPU Manager is out and the lease runs, the daemon is live, and its labels are still true."""
    state = replace(GOOD, keeping=changed(KEEPING, ignorance=IGNORANT))
    assert passed(live(state))
    assert passed(ready(state))


def test_folder_that_fails() -> None:
    """A folder that cannot be written makes it not ready; a restart would not help."""
    state = replace(GOOD, keeping=changed(KEEPING, fault=Fault("No space left on device", 1.0)))
    assert passed(live(state))
    assert [check.name for check in ready(state) if not check.passed] == ["feature-file"]


@pytest.mark.parametrize("keeping", [Keeping(), Keeping(ignorance=IGNORANT), changed(KEEPING, end=10_000.0)])
def test_nothing_held(keeping: Keeping) -> None:
    """Without labels that hold, known to be none or some, it is not ready."""
    assert [check.name for check in ready(replace(GOOD, keeping=keeping)) if not check.passed] == ["labels"]


def test_no_links_are_labels_too() -> None:
    """A node that is known to have no links is ready."""
    assert passed(ready(replace(GOOD, keeping=changed(KEEPING, lines=()))))


def test_refused_configuration() -> None:
    """A configuration that cannot be used makes it not ready; anybody may ask, and reads nothing of it."""
    configuration = changed(SUPERVISION.configuration, problems=("a.b: wrong", "c.d: too"))
    state = replace(GOOD, supervision=changed(SUPERVISION, configuration=configuration))
    (failed,) = (check for check in ready(state) if not check.passed)
    assert failed.name == "config"
    assert failed.detail == (
        "refused, the former one is in force: 2 problems, which its log and `xelinkd check` tell"
    )
    assert passed(live(state))


def test_locked_out() -> None:
    """While another xelinkd keeps the file, this one is not ready, and a restart would not help."""
    state = replace(GOOD, keeping=changed(KEEPING, waits_for_lock=True))
    assert passed(live(state))
    assert not passed(ready(state))


def test_crash_loop() -> None:
    """A pipeline that fails again and again is not ready, until it has done its work."""
    assert not passed(ready(pipeline("resting", 3, is_failing=True)))
    assert passed(ready(pipeline("running", 3, is_failing=False)))
    assert passed(ready(pipeline("running", 1, is_failing=True)))


def test_fetches_that_do_not_begin() -> None:
    """When no fetch begins though one is long due, it is not live."""
    assert passed(live(later(GOOD, 60.0)))
    assert not passed(live(later(GOOD, 100.0)))


def test_fetch_that_is_not_due_yet() -> None:
    """A long interval, or a wait after refused credentials, is no standstill."""
    state = replace(GOOD, fetching=changed(FETCHING, asks_at=12_000.0))
    assert passed(live(later(state, 1_000.0)))


def test_worker_that_the_kernel_holds() -> None:
    """A writer that hangs in a dead file system cannot be ended by a restart either; the labels go stale."""
    state = later(pipeline("clearing", 1, is_failing=False), 10_000.0)
    assert passed(live(state))
    (failed,) = (check for check in ready(state) if not check.passed)
    assert failed.detail == "no fetch has begun for 2 h 46 min"


def test_supervisor_that_sleeps() -> None:
    """A supervisor that has not woken for longer than its deadline is not live."""
    state = replace(later(GOOD, 41.0), turned_at=10_000.0)
    assert [check.name for check in live(state) if not check.passed] == ["supervisor"]


def test_settled_with_the_first_outcome_of_the_pipeline_that_runs() -> None:
    """What is configured is in force once its own pipeline has brought an outcome, known or not."""
    assert has_settled(GOOD)
    assert not has_settled(replace(GOOD, keeping=changed(GOOD.keeping, took_at=None)))
    earlier = changed(GOOD.keeping, took_at=3_999.0)  # of the pipeline before
    assert not has_settled(replace(GOOD, keeping=earlier))


def test_not_settled_while_a_unit_is_replaced() -> None:
    """What is configured is not in force while its predecessor still runs."""
    units = (UnitState("status", "leaving", 0, is_failing=False), *GOOD.supervision.units)
    assert not has_settled(replace(GOOD, supervision=changed(GOOD.supervision, units=units)))
