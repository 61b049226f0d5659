"""What changed between two status documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.states import FETCHING, GOOD, KEEPING, LINKED, NOW, SUPERVISION, changed, replace

from xelinkd.model.lease import Instant
from xelinkd.state.history import MAX_EVENTS, NO_HISTORY, Kind, noted, seen
from xelinkd.state.told import Ended
from xelinkd.views.documents.status_json import document
from xelinkd.views.terminal.changes import changes

if TYPE_CHECKING:
    from xelinkd.state.told import State

CONFIGURATION = SUPERVISION.configuration
LATER = Instant(NOW.boot + 100, NOW.wall + 100)


def told(before: State, after: State) -> list[tuple[str, str, str]]:
    """Give what is told of two states, without the times."""
    return [
        (change.event, change.subject, change.detail) for change in changes(document(before), document(after))
    ]


def supervised(**keys: object) -> State:
    """Give a good state with something else in what the supervisor tells."""
    return replace(GOOD, supervision=changed(SUPERVISION, **keys))


def configured(**keys: object) -> State:
    """Give a good state with something else in its configuration."""
    return supervised(configuration=changed(CONFIGURATION, **keys))


def test_time_is_no_change() -> None:
    """While nothing happens, nothing is told: ages and what is left of the lease are no news."""
    fetching = changed(FETCHING, asks_at=LATER.boot)
    assert told(GOOD, replace(GOOD, now=LATER, turned_at=LATER.boot, fetching=fetching)) == []


def test_labels_that_ended() -> None:
    """The end of the lease is told as what happened, as other labels, and as not ready any more."""
    gone = changed(KEEPING, lines=(), end=None)
    after = replace(GOOD, keeping=gone, history=noted(GOOD.history, Kind.LEASE_ENDED, 9_999.0))
    assert told(GOOD, after) == [
        ("lease_ended", "", ""),
        ("labels_changed", "", "6 -> 0 links"),
        ("not_ready", "", "labels: none are held: no observation yet"),
    ]


def test_configuration() -> None:
    """A configuration that is applied, refused and right again is told with its file."""
    path = CONFIGURATION.path
    applied, refused = configured(digest="cd" * 32), configured(problems=("x: wrong", "y: too"))
    assert told(GOOD, applied) == [("config_applied", path, "")]
    assert told(GOOD, refused) == [
        ("config_refused", path, "x: wrong; y: too"),
        (
            "not_ready",
            "",
            "config: refused, the former one is in force: 2 problems, which its log and `xelinkd check` tell",
        ),
    ]
    assert told(refused, GOOD) == [("config_right_again", path, ""), ("ready", "", "")]


@pytest.mark.parametrize("times", [0, 1])
def test_worker_that_ended(times: int) -> None:
    """Each end of a worker is told, with its cause."""
    before = supervised(ended=(Ended("fetcher", "signal SIGKILL", 1, 9_000.0),) * times)
    after = supervised(ended=(Ended("fetcher", "signal SIGKILL", times + 1, 9_999.0),))
    assert told(before, after) == [("worker_ended", "fetcher", "signal SIGKILL")]
    assert told(after, after) == []


def test_restart() -> None:
    """Another run of the daemon is told, with its version, and not what it has in common with the former."""
    assert told(GOOD, supervised(started_at=9_000.0, version="0.2.0")) == [("restarted", "", "version 0.2.0")]


def test_history_that_is_full() -> None:
    """When old events give way to new ones, only the new ones are told."""
    full = seen(NO_HISTORY, LINKED, 0.0)
    for number in range(MAX_EVENTS):
        full = noted(full, Kind.SOURCE_FAILING, float(number))
    after = noted(full, Kind.SOURCE_BACK, 9_999.0)
    assert told(replace(GOOD, history=full), replace(GOOD, history=after)) == [("source_back", "", "")]
