"""From what was seen to a verdict. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults.fault import Fault
    from faults.record import Labels, Record


@dataclass(frozen=True, slots=True)
class Terms:
    """What a verdict depends on: the daemon's rhythm, and how much is allowed beyond it. Seconds and MiB."""

    interval: float
    deadline: float
    slack: float = 1.0
    memory: float = 100.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a fault was held, in how many seconds the new truth was in the file, and what was wrong."""

    recovery: float | None
    complaints: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Tell whether nothing was wrong."""
        return not self.complaints


def judge(fault: Fault, record: Record, terms: Terms) -> Verdict:
    """Judge one trial."""
    recovery = _recovery(fault, record)
    complaints = (
        *_untrue_labels(fault, record),
        *_late(fault, recovery, record.failures, terms),
        *_memory(record, terms),
        *_deaths(fault, record),
        *_lengthened(fault, record, terms),
        *_toothless(fault, record),
        *_chatty(fault, record),
        *_importunate(record),
    )
    return Verdict(recovery, complaints)


def allowed(fault: Fault, terms: Terms, failures: int = 0) -> float:
    """Give the seconds within which the new truth must be where labels go.

    An API server that failed so many times is asked again after a wait, whatever is fetched.
    """
    if failures:
        return longest_wait(failures) + terms.slack + fault.grace
    fetches = 2 if fault.follows else 1
    return fetches * terms.interval + terms.slack + fault.grace + (terms.deadline if fault.blocks else 0.0)


def longest_wait(failures: int) -> float:
    """Give the seconds after which an API server is asked again that failed so often, as documented."""
    return min(300.0, 2.0**failures)


def shortest_time(requests: int) -> float:
    """Give the seconds that so many requests take at least if all fail: each wait is a quarter or more."""
    return sum(longest_wait(failures) for failures in range(1, requests)) / 4


def _recovery(fault: Fault, record: Record) -> float | None:
    """Give the seconds until the new truth came to stay; None: it did not."""
    if not record.sightings or record.sightings[-1].labels != record.after:
        return None
    since = record.began if fault.follows else record.over
    return max(0.0, record.sightings[-1].at - since)


def _untrue_labels(fault: Fault, record: Record) -> Iterator[str]:
    """Allow what was true, then what is true; besides, until that comes, what the fault itself leaves.

    What is true may not come before it can be known.
    """
    may_change = record.began if fault.follows else record.ending
    has_come = False
    for seen in record.sightings:
        has_come = has_come or (seen.labels == record.after and seen.at >= may_change)
        if seen.labels not in ({record.after} if has_come else {record.before, *fault.leaves}):
            yield f"after {seen.at - record.began:.2f} s {_shown(seen.labels)}"


def _shown(labels: Labels) -> str:
    return "there were none" if labels is None else f"the labels were {' '.join(labels)[:80]!r}"


def _late(fault: Fault, recovery: float | None, failures: int, terms: Terms) -> Iterator[str]:
    limit = allowed(fault, terms, failures)
    if recovery is None:
        yield "the new truth did not come"
    elif recovery > limit:
        yield f"the new truth came after {recovery:.2f} s, which is more than {limit:.2f} s"


def _memory(record: Record, terms: Terms) -> Iterator[str]:
    if record.peak_mib >= terms.memory:
        yield f"{record.peak_mib:.0f} MiB, which is not less than {terms.memory:.0f}"


def _deaths(fault: Fault, record: Record) -> Iterator[str]:
    for name in record.deaths:
        if name not in fault.may_end:
            yield f"{name} died"


def _lengthened(fault: Fault, record: Record, terms: Terms) -> Iterator[str]:
    """Failures never lengthen the interval, and nobody else may: Retry-After is no reason to wait longer."""
    beat = max(terms.interval, terms.deadline if fault.blocks else 0.0)
    fetches = [at for at in record.fetches if record.began <= at <= record.ending]
    longest = max((late - early for early, late in pairwise(fetches)), default=0.0)
    if fault.counts and longest > beat + terms.slack:
        yield f"{longest:.2f} s from one fetch to the next, the interval is {terms.interval:g} s"
    if fault.counts and len(fetches) < fault.fetches:
        yield f"only {len(fetches)} fetches while it lasted"


def _toothless(fault: Fault, record: Record) -> Iterator[str]:
    if fault.tells and not record.words.intersection(fault.tells):
        told = " ".join(sorted(record.words)) or "nothing"
        yield f"the log told of {told}, not of {' or '.join(fault.tells)}: did it bite?"


def _chatty(fault: Fault, record: Record) -> Iterator[str]:
    for name, times in Counter(record.warnings).items():
        if fault.once and times > 1:
            yield f"{name} was told {times} times"


def _importunate(record: Record) -> Iterator[str]:
    """Ask an API server that fails ever more seldom; one request makes up for all of them."""
    heard = sum(record.began <= at <= record.over for at in record.requests)
    tried, time = max(record.failures, heard), record.over - record.began
    if record.failures and shortest_time(tried) > time:
        yield f"{tried} requests in {time:.2f} s"
    later = sum(at > record.over for at in record.requests)
    if record.failures and later > 1:
        yield f"{later} requests after it was over"
