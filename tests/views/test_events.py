"""The last changes in sentences."""

from __future__ import annotations

from support.states import GOOD, LINKED, replace, topology

from xelinkd.state.history import NO_HISTORY, Event, History, Kind, noted, seen
from xelinkd.views.events import changes

ONE_LESS = topology([(0, 1), (0, 2)])
AT = 9_000.0  # 07:43:20


def sentences(history: History) -> list[str]:
    """Tell the changes of a history."""
    return [change.sentence for change in changes(replace(GOOD, history=history))]


def test_a_link_that_came_back_is_told_with_its_loss() -> None:
    """People see at once for how long a link was gone."""
    lost = seen(seen(NO_HISTORY, LINKED, AT), ONE_LESS, AT + 60)
    assert sentences(lost) == ["2 links (1.0-2.1, 1.1-2.0) lost"]
    assert sentences(seen(lost, LINKED, AT + 360)) == [
        "2 links (1.0-2.1, 1.1-2.0) lost 07:44:20, back 07:49:20, after 5 min",
        "2 links (1.0-2.1, 1.1-2.0) lost",
    ]


def test_links_lost_at_different_times_are_not_told_as_one() -> None:
    """No link is said to have been gone for longer or shorter than it was."""
    events = (
        Event(Kind.LINK_LOST, AT, "0.0-1.0"),
        Event(Kind.LINK_LOST, AT + 10, "0.1-1.1"),
        Event(Kind.LINK_BACK, AT + 20, "0.0-1.0"),
        Event(Kind.LINK_BACK, AT + 20, "0.1-1.1"),
    )
    assert sentences(History(events=events))[0] == "2 links (0.0-1.0, 0.1-1.1) back"


def test_a_return_whose_loss_is_forgotten_is_told_alone() -> None:
    """The history is bounded, and nothing is made up for what it has lost."""
    assert sentences(History(events=(Event(Kind.LINK_BACK, AT, "0.0-1.0"),))) == ["link 0.0-1.0 back"]


def test_every_kind_has_its_sentence() -> None:
    """Whatever happened is told in words, the newest first."""
    history = seen(seen(NO_HISTORY, ONE_LESS, AT), LINKED, AT + 1)
    history = seen(history, topology([(0, 1), (0, 2), (1, 2)], lanes=4), AT + 2)
    history = noted(history, Kind.SOURCE_FAILING, AT + 3, "refused", "nothing listens")
    history = noted(history, Kind.LEASE_ENDED, AT + 4)
    history = noted(history, Kind.SOURCE_BACK, AT + 5, "refused")
    assert sentences(history) == [
        "topology known again",
        "lease ended: nothing confirmed the labels, and they were removed",
        "topology unknown (refused): nothing listens",
        "6 links (0.0-1.1, 0.1-1.0, 0.0-2.1, 0.1-2.0, 1.0-2.1, 1.1-2.0): lanes 8 -> 4",
        "2 links (1.0-2.1, 1.1-2.0) new",
    ]
