"""Verdicts, from made-up records."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from faults.fault import Fault
from faults.judge import Terms, judge
from faults.record import Record, Sighting, labels_of

TERMS = Terms(interval=0.3, deadline=1.0)
FAULT = Fault("made up", lambda _rig: nullcontext(), ("timeout",), fetches=3)
OLD, NEW, NONE = ("ns/xe-links=0.0-1.0",), ("ns/xe-links=0.0-2.0",), ("ns/xe-links=",)
HELD = Record(
    began=100.0,
    ending=101.0,
    over=101.1,
    before=OLD,
    after=NEW,
    sightings=(Sighting(99.9, OLD), Sighting(101.5, NEW)),
    looks=200,
    longest_blink=0.02,
    peak_mib=50.0,
    deaths=(),
    fetches=(99.9, 100.2, 100.5, 100.8, 101.1),
    words=frozenset({"topology_unknown", "timeout"}),
    log="",
)


def _complaints(record: Record, fault: Fault = FAULT) -> str:
    return "; ".join(judge(fault, record, TERMS).complaints)


def _with_sightings(*sightings: tuple[float, tuple[str, ...] | None]) -> Record:
    return replace(HELD, sightings=tuple(Sighting(at, labels) for at, labels in sightings))


def test_a_fault_is_held_when_all_is_as_it_should_be() -> None:
    """Old labels while it lasts and the new ones soon after it are held, with the time that it took."""
    verdict = judge(FAULT, HELD, TERMS)

    assert verdict.held
    assert verdict.recovery == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("sightings", "complaint"),
    [
        (((99.9, OLD), (100.5, None), (100.51, OLD), (101.5, NEW)), "after 0.50 s there were none"),
        (((99.9, OLD), (100.5, NONE), (101.5, NEW)), "after 0.50 s the labels were 'ns/xe-links='"),
        (((99.9, OLD), (100.9, NEW)), "after 0.90 s the labels were 'ns/xe-links=0.0-2.0'"),
        (((99.9, OLD), (101.2, NEW), (101.3, OLD), (101.4, NEW)), "after 1.30 s the labels were"),
        (((99.9, OLD), (101.2, ()), (101.3, NEW)), "after 1.20 s the labels were ''"),
    ],
    ids=["no file", "no links", "new truth before it can be known", "back to the old truth", "half a file"],
)
def test_labels_that_are_not_true_are_a_complaint(
    sightings: tuple[tuple[float, tuple[str, ...] | None], ...], complaint: str
) -> None:
    """One look that found anything but the truth is enough, and the table says when and what."""
    assert complaint in _complaints(_with_sightings(*sightings))


def test_a_recovery_that_takes_too_long_is_a_complaint() -> None:
    """The new truth has an interval and a second, and after a fault that blocks a deadline more."""
    late = _with_sightings((99.9, OLD), (102.5, NEW))
    slow = replace(FAULT, blocks=True)

    assert _complaints(late) == "the new truth came after 1.40 s, which is more than 1.30 s"
    assert not _complaints(late, slow)
    assert "more than 2.30 s" in _complaints(_with_sightings((99.9, OLD), (103.5, NEW)), slow)


def test_a_recovery_that_does_not_come_is_a_complaint() -> None:
    """Old labels for ever are not held."""
    assert _complaints(_with_sightings((99.9, OLD))) == "the new truth did not come"


def test_labels_may_follow_the_truth_where_they_shall() -> None:
    """A fault that lets some fetches through is held when the new truth comes while it lasts."""
    follows = replace(FAULT, follows=True)

    assert judge(follows, _with_sightings((99.9, OLD), (100.5, NEW)), TERMS).recovery == pytest.approx(0.5)
    assert not _complaints(_with_sightings((99.9, OLD), (100.5, NEW)), follows)
    assert "more than 1.60 s" in _complaints(_with_sightings((99.9, OLD), (101.7, NEW)), follows)


def test_memory_has_a_limit() -> None:
    """A tree that once took 100 MiB did not hold."""
    assert not _complaints(replace(HELD, peak_mib=99.9))
    assert _complaints(replace(HELD, peak_mib=100.0)) == "100 MiB, which is not less than 100"


def test_only_processes_that_the_fault_ends_may_end() -> None:
    """A worker that dies of an answer is a complaint, even if its successor does well."""
    died = replace(HELD, deaths=("xelinkd:fetcher", "xelinkd:writer"))

    assert _complaints(died) == "xelinkd:fetcher died; xelinkd:writer died"
    assert not _complaints(died, replace(FAULT, may_end=frozenset({"xelinkd:fetcher", "xelinkd:writer"})))


def test_an_interval_that_grows_is_a_complaint() -> None:
    """Neither failures nor Retry-After make the fetches rarer."""
    rare = replace(HELD, ending=104.0, over=104.0, fetches=(100.1, 100.4, 102.0, 104.0))
    late = replace(rare, sightings=(Sighting(99.9, OLD), Sighting(104.2, NEW)))

    assert _complaints(late) == "2.00 s from one fetch to the next, the interval is 0.3 s"
    assert not _complaints(late, replace(FAULT, blocks=True))
    assert not _complaints(late, replace(FAULT, counts=False))


ASKED = replace(HELD, over=104.0, requests=(99.0, 100.3, 101.5, 103.5, 104.5), failures=3)


def test_an_api_server_that_failed_has_its_wait() -> None:
    """After three failed requests it is asked again within 8 s, and a second more, not within an interval."""
    soon = replace(ASKED, sightings=(Sighting(99.9, OLD), Sighting(112.9, NEW)))
    late = replace(ASKED, sightings=(Sighting(99.9, OLD), Sighting(113.5, NEW)))

    assert not _complaints(soon)
    assert _complaints(late) == "the new truth came after 9.50 s, which is more than 9.00 s"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"failures": 5}, "5 requests in 4.00 s"),
        ({"requests": (100.1, 100.2, 100.3, 100.4, 103.0)}, "5 requests in 4.00 s"),
        ({"requests": (100.3, 101.5, 103.5, 104.5, 104.6)}, "2 requests after it was over"),
    ],
    ids=["as the daemon counts", "as the server counts", "afterwards"],
)
def test_an_api_server_that_is_pressed_is_a_complaint(changes: dict[str, Any], complaint: str) -> None:
    """Whoever asks a failing server more often than documented did not hold, and so with the retry."""
    fine = replace(ASKED, sightings=(Sighting(99.9, OLD), Sighting(104.6, NEW)))

    assert not _complaints(fine)
    assert _complaints(replace(fine, **changes)) == complaint


def test_what_a_fault_does_to_the_file_itself_is_no_complaint_until_it_is_repaired() -> None:
    """Somebody who removes the file is not the daemon's fault; the daemon may not do so itself."""
    removes = replace(FAULT, leaves=frozenset({None}))

    assert not _complaints(_with_sightings((99.9, OLD), (100.5, None), (101.5, NEW)), removes)
    assert "there were none" in _complaints(
        _with_sightings((99.9, OLD), (101.5, NEW), (101.6, None)), removes
    )
    assert "the labels were ''" in _complaints(
        _with_sightings((99.9, OLD), (100.5, ()), (101.5, NEW)), removes
    )


def test_what_takes_its_time_has_it() -> None:
    """A stopped worker is found out by its heartbeat, and no sooner."""
    late = _with_sightings((99.9, OLD), (102.5, NEW))

    assert not _complaints(late, replace(FAULT, grace=0.2))


def test_what_is_told_again_and_again_is_a_complaint() -> None:
    """A fault that lasts does not fill the log."""
    chatty = replace(HELD, warnings=("feature_file_failing", "feature_file_failing", "labels_moved"))

    assert not _complaints(chatty)
    assert _complaints(chatty, replace(FAULT, once=True)) == "feature_file_failing was told 2 times"


def test_a_fault_that_leaves_no_trace_did_not_bite() -> None:
    """A harness that breaks nothing shows as such, not as a daemon that held."""
    assert (
        _complaints(replace(HELD, words=frozenset()))
        == "the log told of nothing, not of timeout: did it bite?"
    )
    assert not _complaints(replace(HELD, words=frozenset()), replace(FAULT, tells=()))


def test_labels_are_the_lines_without_comments() -> None:
    """A lease that is renewed is no change of labels."""
    assert labels_of(b"# +expiry-time=2026-01-01T00:00:00Z\nns/xe-links=0.0-1.0\n") == OLD
