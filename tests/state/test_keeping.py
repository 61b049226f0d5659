"""How observations change what the writer tells."""

from __future__ import annotations

from support.states import LINKED, topology

from xelinkd.model.lease import Held
from xelinkd.model.observation import Known, Unknown
from xelinkd.model.unknown import Reason
from xelinkd.state.history import NO_HISTORY, History, Kind
from xelinkd.state.keeping import Work, has_ended, kept, locked_out, remembered, told
from xelinkd.state.told import Fault, Keeping

REFUSED = Unknown(Reason.REFUSED, "nothing listens there")
TIMEOUT = Unknown(Reason.TIMEOUT, "too slow")
HELD = Held(("gpu.intel.com/xe-links=0.0-1.1",), 100.0)


def lived(*observations: Known | Unknown) -> tuple[Keeping, History]:
    """Take in observations, one each second."""
    keeping, history = Keeping(), NO_HISTORY
    for at, observation in enumerate(observations, start=1):
        history = remembered(history, observation, keeping, float(at))
        keeping = told(keeping, observation, float(at))
    return keeping, history


def test_source_that_fails_and_comes_back() -> None:
    """The beginning and the end of a failure are remembered, with its first reason."""
    keeping, history = lived(Known(LINKED, 0.5), REFUSED, REFUSED, Known(LINKED, 4.0))
    assert [(event.kind, event.at, event.subject) for event in history.events] == [
        (Kind.SOURCE_FAILING, 2.0, "refused"),
        (Kind.SOURCE_BACK, 4.0, "refused"),
    ]
    assert (keeping.ignorance, keeping.known_at) == (None, 4.0)


def test_reasons_that_alternate() -> None:
    """A source that fails in ever new ways does not push lost links out of what is remembered."""
    keeping, history = lived(Known(LINKED, 0.5), *[REFUSED, TIMEOUT] * 300)
    assert len(history.events) == 1
    assert keeping.ignorance is not None
    assert (keeping.ignorance.reason, keeping.ignorance.since) == (Reason.TIMEOUT, 2.0)


def test_links_that_went_while_the_source_was_out() -> None:
    """What changed in the meantime is told together with the source's return."""
    _, history = lived(Known(LINKED, 0.5), REFUSED, Known(topology([(0, 1), (0, 2)]), 3.0))
    assert [event.kind for event in history.events] == [
        Kind.SOURCE_FAILING,
        Kind.LINK_LOST,
        Kind.LINK_LOST,
        Kind.SOURCE_BACK,
    ]


def test_moment_yet_to_come() -> None:
    """A fetcher that is taken over cannot make an observation newer than its arrival."""
    assert lived(Known(LINKED, 1e300))[0].known_at == 1.0


def test_work_adds_up() -> None:
    """Writes and errors are counted over all looks at the file; the last write has its moment."""
    keeping = kept(Keeping(), HELD, None, Work(writes=1, errors=0), 5.0)
    keeping = kept(keeping, HELD, Fault("No space left", 6.0), Work(writes=0, errors=2), 6.0)
    assert (keeping.writes, keeping.errors, keeping.written_at) == (1, 2, 5.0)
    assert (keeping.lines, keeping.end) == (HELD.lines, HELD.end)


def test_lease_that_ends() -> None:
    """Labels that are gone at their end were not confirmed in time; others are another's."""
    keeping = kept(Keeping(), HELD, None, Work(1, 0), 5.0)
    assert has_ended(keeping, None, 100.0)
    assert not has_ended(keeping, None, 99.0)
    assert not has_ended(keeping, HELD, 100.0)


def test_locked_out() -> None:
    """Of a file that another xelinkd keeps nothing is claimed."""
    keeping = locked_out(kept(Keeping(), HELD, None, Work(1, 0), 5.0))
    assert (keeping.lines, keeping.end, keeping.waits_for_lock) == ((), None, True)
