"""How a fault that lasts is told."""

from __future__ import annotations

from xelinkd.model.episodes import Began, Ended, Episode, Lasts, News, follow


def _told(*course: tuple[float, str | None]) -> list[News]:
    """Give what is told at each moment of a course of faults."""
    episode: Episode | None = None
    told = []
    for now, kind in course:
        episode, news = follow(episode, kind, now)
        told.append(news)
    return told


def test_a_fault_is_told_when_it_begins_and_when_it_ends() -> None:
    """A log shows one line for the beginning, and one for the end that says how long it took."""
    assert _told((0, None), (10, "dns"), (20, "dns"), (30, None), (40, None)) == [
        None,
        Began(),
        None,
        Ended(20),
        None,
    ]


def test_a_fault_that_lasts_is_told_hourly() -> None:
    """Whoever reads only the last hour of a log sees the fault."""
    course = [(10.0 * n, "dns") for n in range(1000)]
    told = {now: news for (now, _), news in zip(course, _told(*course), strict=True) if news}
    assert told == {0: Began(), 3600: Lasts(3600), 7200: Lasts(7200)}


def test_each_kind_of_a_changing_fault_is_told_once() -> None:
    """A fault that flaps between two faces does not flood the log, and is one fault."""
    told = _told(*((10.0 * n, ("dns", "timeout")[n % 2]) for n in range(100)), (1000, None))
    assert [news for news in told if news] == [Began(), Began(), Ended(1000)]


def test_a_fault_that_comes_back_is_told_again() -> None:
    """A new fault after an end is a new episode."""
    assert _told((0, "dns"), (10, None), (20, "dns")) == [Began(), Ended(10), Began()]
