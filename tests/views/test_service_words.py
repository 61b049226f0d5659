"""The line that `systemctl status` shows."""

from __future__ import annotations

import pytest
from support.states import GOOD, LINKED, changed, replace

from xelinkd.model.lease import Instant
from xelinkd.model.unknown import Reason
from xelinkd.state.history import History, Kind, Missing, noted
from xelinkd.state.told import Fault, Ignorance, Keeping, State
from xelinkd.views.service_words import words

UNKNOWN = Ignorance(Reason.REFUSED, "nothing\nWATCHDOG=1", since=9_000.0)
PROBLEMS = changed(GOOD.supervision.configuration, problems=("nonsense",))
LOST = LINKED.lanes_by_link().popitem()


def keeping(**changes: object) -> State:
    """Give the good state with another account of the writer."""
    return replace(GOOD, keeping=changed(GOOD.keeping, **changes))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (
            GOOD,
            (
                "6 links since 2027-01-15T06:20:00Z, confirmed every 10 s;"
                " labels hold for 1 d from each confirmation"
            ),
        ),
        (
            replace(
                GOOD,
                history=noted(
                    History(LINKED, missing=(Missing(LOST[0], 8, 9_000.0),)), Kind.LINK_LOST, 9_000.0
                ),
            ),
            (
                "6 links (1 missing) since 2027-01-15T07:43:20Z, confirmed every 10 s;"
                " labels hold for 1 d from each confirmation"
            ),
        ),
        (
            keeping(ignorance=UNKNOWN),
            "topology unknown since 2027-01-15T07:43:20Z (refused); labels hold until 2027-01-16T07:59:55Z",
        ),
        (
            keeping(ignorance=UNKNOWN, end=None),
            "topology unknown since 2027-01-15T07:43:20Z (refused); no labels are held",
        ),
        (replace(GOOD, keeping=Keeping()), "no observation yet; no labels are held"),
        (
            replace(GOOD, keeping=Keeping(end=96_395.0)),
            "no observation yet; labels hold until 2027-01-16T07:59:55Z",
        ),
        (keeping(waits_for_lock=True), "another xelinkd keeps the feature file"),
        (
            keeping(ignorance=UNKNOWN, end=None, fault=Fault("no space", 9_500.0)),
            (
                "topology unknown since 2027-01-15T07:43:20Z (refused); no labels are held;"
                " the feature file is not as it should be since 2027-01-15T07:51:40Z"
            ),
        ),
        (
            replace(
                GOOD,
                keeping=Keeping(),
                supervision=changed(GOOD.supervision, configuration=PROBLEMS),
            ),
            (
                "no observation yet; no labels are held;"
                " the configuration file is refused, the former one is in force"
            ),
        ),
    ],
)
def test_words(state: State, expected: str) -> None:
    """Links, since when, and the lease are told in one line, and what is wrong."""
    assert words(state) == expected


def test_words_stay_while_nothing_changes() -> None:
    """An hour of confirmations of the same changes no word."""
    later = replace(
        GOOD,
        now=Instant(GOOD.now.boot + 3600, GOOD.now.wall + 3600),
        keeping=changed(GOOD.keeping, known_at=13_595.0, end=99_995.0, took_at=13_595.0),
    )
    assert words(later) == words(GOOD)


def test_several_fetches_a_second() -> None:
    """An interval below a second has words, too."""
    timing = changed(GOOD.supervision.timing, interval=0.1)
    state = replace(GOOD, supervision=changed(GOOD.supervision, timing=timing))
    assert "confirmed more than once a second" in words(state)
