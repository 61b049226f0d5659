"""How a fault is tried: all is well, the fault begins and the truth changes, it lasts, it is over."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from support.daemon import wait_until

from faults.judge import Terms
from faults.record import Record
from faults.rig import AFTER, BEFORE, DEADLINE, INTERVAL, Rig, standing, true_labels
from faults.watch import watching

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from faults.fault import Fault

    Event = dict[str, Any]

TERMS: Final = Terms(INTERVAL, DEADLINE)
_PATIENCE: Final = 20.0  # seconds; a recovery that takes longer is none
_AFTERWARDS: Final = 2 * INTERVAL  # the new truth must stay


def attempt(fault: Fault) -> Record:
    """Try a fault once, on a rig of its own.

    Raises:
        AssertionError: the daemon did not even get as far as the fault, or its fetches stopped in it.

    """
    before, after = true_labels(BEFORE), true_labels(AFTER)
    with standing() as rig:
        fault.prepare(rig)
        rig.daemon.start()
        rig.wait_for_labels(before, _PATIENCE)
        with watching(rig.labels, rig.daemon.pid) as watch:
            told_before, failed_before = len(rig.daemon.events()), rig.failures()
            began = time.monotonic()
            with fault.begin(rig):
                rig.source.show(AFTER)  # nobody can see it any more, if the fault bites
                _last(fault, rig)
                told = _wait_for_a_trace(fault, rig, told_before)
                ending = time.monotonic()
            over, failures = time.monotonic(), rig.failures() - failed_before
            with suppress(AssertionError):  # the judge will say so
                rig.wait_for_labels(after, _PATIENCE)
            time.sleep(_AFTERWARDS)
        return Record(
            began=began,
            ending=ending,
            over=over,
            before=before,
            after=after,
            sightings=tuple(watch.sightings),
            looks=watch.looks,
            longest_blink=watch.longest_blink,
            peak_mib=watch.peak_mib,
            deaths=tuple(watch.deaths),
            fetches=tuple(rig.source.fetches),
            words=_words(told),
            warnings=tuple(event["event"] for event in told if event["level"] in {"warning", "error"}),
            log=rig.daemon.log.read_text(),
            requests=rig.requests(),
            failures=failures,
        )


def _last(fault: Fault, rig: Rig) -> None:
    """Let the fault last for so many fetches: counted where they arrive, else by the interval.

    Then for so many failed requests to the API server.
    """
    if fault.counts:
        enough = len(rig.source.fetches) + fault.fetches
        wait_until(lambda: len(rig.source.fetches) >= enough, f"{fault.fetches} fetches", 3 * _PATIENCE)
    else:
        time.sleep(fault.fetches * max(INTERVAL, DEADLINE if fault.blocks else 0.0))
    wait_until(lambda: rig.failures() >= fault.failures, f"{fault.failures} failures", 3 * _PATIENCE)


def _wait_for_a_trace(fault: Fault, rig: Rig, told_before: int) -> Sequence[Event]:
    """Give what the log told since then; on a busy machine it may come late."""

    def told() -> Sequence[Event]:
        return rig.daemon.events()[told_before:]

    with suppress(AssertionError):  # the judge will say so
        wait_until(lambda: _words(told()).intersection(fault.tells) or not fault.tells, "a trace", _PATIENCE)
    return told()


def _words(told: Sequence[Event]) -> frozenset[str]:
    return frozenset(word for event in told for word in (event["event"], event.get("reason")) if word)
