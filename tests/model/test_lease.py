"""The lease's decisions, as plain values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xelinkd.model.feature_file import FeatureFile
from xelinkd.model.lease import (
    TOLERANCE,
    Held,
    Instant,
    Leave,
    Remove,
    Write,
    adopt,
    observed,
    plan,
    still_held,
)

_LINES = ("gpu.intel.com/xe-links=0.0-1.0",)
_OTHER_LINES = ("gpu.intel.com/xe-links=",)
_NOW = Instant(boot=5000.0, wall=1_782_864_000.0)
_WALL = int(_NOW.wall)
_HELD = Held(_LINES, _NOW.boot + 1000)


def _file(left: int | None, lines: tuple[str, ...] = _LINES) -> FeatureFile:
    return FeatureFile(lines, None if left is None else _WALL + left)


@pytest.mark.parametrize(
    ("held", "on_disk", "action"),
    [
        pytest.param(None, None, Leave(), id="nothing to hold, nothing there"),
        pytest.param(None, _file(900), Remove(), id="nothing to hold"),
        pytest.param(_HELD, None, Write(_file(1000)), id="no file"),
        pytest.param(_HELD, _file(900, _OTHER_LINES), Write(_file(1000)), id="other labels"),
        pytest.param(_HELD, _file(None), Write(_file(1000)), id="no stamp"),
        pytest.param(_HELD, _file(1000), Leave(), id="the true end"),
        pytest.param(_HELD, _file(1001), Leave(), id="within the tolerance"),
        pytest.param(_HELD, _file(1002), Write(_file(1000)), id="beyond the true end"),
        pytest.param(_HELD, _file(500), Leave(), id="half a lease left"),
        pytest.param(_HELD, _file(499), Write(_file(1000)), id="less than half a lease left"),
        pytest.param(Held(_LINES, 5300.0), _file(300), Leave(), id="little left, and that is the true end"),
        pytest.param(Held(_LINES, 5300.0), _file(299), Leave(), id="a second less than the true end"),
        pytest.param(Held(_LINES, 5300.0), _file(298), Write(_file(300)), id="two seconds less"),
    ],
)
def test_what_is_to_be_done(held: Held | None, on_disk: FeatureFile | None, action: object) -> None:
    """The file is written or removed when it is untrue, or soon would be, and left alone otherwise."""
    assert plan(held, on_disk, _NOW.offset, _NOW, 500.0) == action


@pytest.mark.parametrize(
    ("jump", "written"), [(0, False), (1.5, False), (-1.5, False), (2, True), (-2, True)]
)
def test_a_clock_that_was_set_is_followed(jump: float, *, written: bool) -> None:
    """A stamp that was made by a wrong clock is made anew."""
    action = plan(_HELD, _file(700), _NOW.offset - jump, _NOW, 500.0)
    assert action == (Write(_file(1000)) if written else Leave())


def test_labels_are_held_until_their_end_and_not_at_it() -> None:
    """The last moment of a lease is before its end."""
    assert still_held(_HELD, Instant(5999.9, 0.0)) == _HELD
    assert still_held(_HELD, Instant(6000.0, 0.0)) is None
    assert still_held(None, _NOW) is None


def test_no_observation_is_from_the_future() -> None:
    """A moment yet to come does not lengthen the lease."""
    assert observed(_LINES, 4990.0, _NOW, 1000.0).end == 5990.0
    assert observed(_LINES, 9999.0, _NOW, 1000.0).end == 6000.0
    assert observed(_LINES, float("inf"), _NOW, 1000.0).end == 6000.0


@pytest.mark.parametrize(
    ("left", "end"), [(None, 6000), (1, 5001), (1000, 6000), (10**8, 6000), (0, None), (-1, None)]
)
def test_what_a_predecessor_left_is_held(left: int | None, end: float | None) -> None:
    """A stamp to come is kept, for a lease at most; none at all is one lease; one that is past is the end."""
    assert adopt(_file(left), _NOW, 1000.0) == (None if end is None else Held(_LINES, end))


def test_no_file_is_nothing_to_hold() -> None:
    """A first start holds nothing."""
    assert adopt(None, _NOW, 1000.0) is None


_SECONDS = st.floats(-1e6, 1e6)
_LEASES = st.floats(1.0, 1e7)


@given(
    left=st.floats(1e-3, 1.0),
    lease=_LEASES,
    stamp=st.none() | st.integers(-(10**7), 10**7),
    set_by=_SECONDS,
    lines=st.sampled_from([_LINES, _OTHER_LINES]),
)
def test_one_step_is_enough(
    left: float, lease: float, stamp: int | None, set_by: float, lines: tuple[str, ...]
) -> None:
    """Whatever was on disk, what is there after one step is true, and needs no second one."""
    held = Held(_LINES, _NOW.boot + left * lease)
    on_disk = _file(stamp, lines)
    action = plan(held, on_disk, _NOW.offset + set_by, _NOW, lease / 2)
    file = action.file if isinstance(action, Write) else on_disk
    true_end = _NOW.wall + left * lease
    assert file.lines == _LINES
    assert file.expiry is not None
    assert file.expiry <= true_end + TOLERANCE
    assert file.expiry >= min(true_end - TOLERANCE, _NOW.wall + lease / 2)
    assert plan(held, file, _NOW.offset, _NOW, lease / 2) == Leave()
