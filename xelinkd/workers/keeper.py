"""Keeps the labels true where they go: carries out what the lease decides, and says what changed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ParamSpec

from xelinkd.model import lease
from xelinkd.model.episodes import follow
from xelinkd.model.observation import MAX_DETAIL_LENGTH
from xelinkd.sinks.sink import FAILURES, Absent, Foreign, Ours, SinkError
from xelinkd.state.keeping import Work
from xelinkd.state.told import Fault
from xelinkd.workers import keeper_words
from xelinkd.workers.memory import Knowledge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xelinkd.model.feature_file import FeatureFile
    from xelinkd.model.lease import Held, Instant
    from xelinkd.sinks.sink import Found, Sink
    from xelinkd.workers.memory import Memory

_P = ParamSpec("_P")


class Keeper:
    """The labels held, and what is known of the place where they go."""

    def __init__(
        self,
        sink: Sink,
        lease_seconds: float,
        clock: Callable[[], Instant],
        memory: Memory,
        former: Sequence[Sink] = (),
    ) -> None:
        """Know what a predecessor knew; the first `step` looks at what it left.

        `former` is where the labels went before, if the configuration moved them; the latest comes last.
        """
        known = memory.recall()
        sink.recall(known.memo)
        self._sink = sink
        self._former = former
        self._lease = lease_seconds
        self._clock = clock
        self._memory = memory
        self._held = known.held and lease.shortened(known.held, clock(), lease_seconds)
        self._lines: tuple[str, ...] = ()  # what was last there of ours
        self._found: Found = Absent()
        self._signature: object | None = None
        self._written_offset = 0.0
        self._fault = known.fault
        self._error: Exception | None = None
        self._retry_at: float | None = None
        self._writes = 0
        self._errors = 0

    @property
    def held(self) -> Held | None:
        """The labels held, and until when."""
        return self._held

    @property
    def fault(self) -> Fault | None:
        """Why the labels cannot be set right, if they cannot."""
        if self._fault is None:
            return None
        words = self._sink.explain(self._error) if self._error else ""
        return Fault(words[:MAX_DETAIL_LENGTH], self._fault.since)

    def take_work(self) -> Work:
        """Give what was done since this was last asked."""
        done = Work(self._writes, self._errors)
        self._writes = self._errors = 0
        return done

    @property
    def end(self) -> float | None:
        """When the labels held now end, in boot time; None if none are held."""
        return self._held.end if self._held else None

    @property
    def retry_at(self) -> float | None:
        """When a step is worth while before anything else happens, in boot time; always yet to come."""
        return self._retry_at

    def step(self, lines: tuple[str, ...] | None = None, at: float = 0.0) -> bool:
        """Take in what was observed at a moment of boot time (None: nothing new), and set the labels right.

        False if they could not be set right; the next step tries again. No fault stops the lease: the
        labels held are renewed when the new ones are refused, and let go of when their place cannot be seen.
        """
        now = self._clock()
        self._inherit(now)
        unseen = _fault_of(self._look, now)
        refused = None if lines is None else _fault_of(self._hold, lines, at, now)
        self._let_go(now)
        self._keep_in_mind()
        fault = unseen or _fault_of(self._carry_out, now) or refused
        fault = _fault_of(self._leave_former, now, are_there=fault is None) or fault
        self._tell_fault(fault, now)
        self._retry_at = self._next_try() if fault else None
        self._keep_in_mind()
        return fault is None

    def _next_try(self) -> float | None:
        """Give when a sink can be asked again that wants to be left alone now."""
        moments = (sink.retry_at for sink in (self._sink, *self._former))
        now = self._clock().boot
        return min((moment for moment in moments if moment is not None and moment > now), default=None)

    @property
    def has_moved(self) -> bool:
        """Tell whether nothing of ours is left where the labels went before."""
        return not self._former

    def _inherit(self, now: Instant) -> None:
        """Hold what stands at the latest former place: it was true, whatever may stand at the new one."""
        for old in reversed(self._former):
            with suppress(*FAILURES):
                found = old.read()
                if self._held is None and isinstance(found, Ours):
                    self._held = lease.adopt(found.file, now, self._lease)

    def _leave_former(self, now: Instant, *, are_there: bool) -> None:
        """Remove our labels from where they were, now that they are where they shall be, or have ended."""
        left = []
        for old in self._former:
            if old.place == self._sink.place:  # by another name: a namespace that was the pod's own
                continue
            found = old.read()
            if not isinstance(found, Ours):
                continue
            if are_there:
                old.remove()
                keeper_words.tell_moved(self._sink, old)
            elif lease.adopt(found.file, now, self._lease) is None:
                old.remove()
                keeper_words.tell_removed(old, found.file)
            else:
                left.append(old)
        self._former = tuple(left)

    def _hold(self, lines: tuple[str, ...], at: float, now: Instant) -> None:
        if self._held is None or lines != self._held.lines:
            self._sink.check(lines)  # what would not be taken must not replace what is there
        self._held = lease.observed(lines, at, now, self._lease)

    def _look(self, now: Instant) -> None:
        """Look at what is there if it is not as we left it."""
        signature = self._sink.signature()
        if signature != self._signature:
            self._found = self._sink.read()
            self._signature = signature
            if self._held is None:
                self._adopt(now)
            elif not self._lines and isinstance(self._found, Ours):
                self._lines, self._written_offset = self._found.file.lines, now.offset

    def _adopt(self, now: Instant) -> None:
        """Take over what a predecessor left, even if it comes to light late."""
        self._written_offset = now.offset
        if isinstance(self._found, Foreign):
            self._sink.tell_foreign(self._found)
        if isinstance(self._found, Ours):
            self._lines = self._found.file.lines
            self._held = lease.adopt(self._found.file, now, self._lease)
            keeper_words.tell_adopted(self._sink, self._lines, self._held, now)

    def _keep_in_mind(self) -> None:
        """Before anything is written, too: who is killed between the two shall not take the labels back."""
        self._memory.keep(Knowledge(self._held, self._fault, self._sink.memo()))

    def _let_go(self, now: Instant) -> None:
        if self._held is not None and lease.still_held(self._held, now) is None:
            keeper_words.tell_ended(self._sink, self._held)
            self._held = None

    def _carry_out(self, now: Instant) -> None:
        renewal = self._lease * self._sink.renewal
        match lease.plan(self._held, self._usable(), self._written_offset, now, renewal):
            case lease.Write(file):
                self._write(file, now)
            case lease.Remove():
                self._sink.remove()
                self._found, self._signature, self._lines = Absent(), None, ()
            case lease.Leave():
                pass

    def _usable(self) -> FeatureFile | None:
        """Give what is there if it can serve as it is: ours, and usable by NFD or only to be removed."""
        if isinstance(self._found, Ours) and (self._found.usable or self._held is None):
            return self._found.file
        return None

    def _write(self, file: FeatureFile, now: Instant) -> None:
        before = self._found
        signature = self._sink.write(file)
        self._writes += 1
        self._found, self._signature = Ours(file, usable=True), signature
        self._written_offset = now.offset
        keeper_words.tell_written(self._sink, before, self._lines, file)
        self._lines = file.lines

    def _tell_fault(self, error: Exception | None, now: Instant) -> None:
        self._fault, news = follow(self._fault, _kind(error) if error else None, now.boot)
        self._errors += error is not None and error is not self._error  # one that waits is not another
        self._error = error
        self._sink.tell_fault(news, error)


def _kind(error: Exception) -> str:
    """Name what is told once."""
    return error.reason if isinstance(error, SinkError) else type(error).__name__


def _fault_of(act: Callable[_P, None], *args: _P.args, **kwargs: _P.kwargs) -> Exception | None:
    """Give what kept an act from being done."""
    try:
        act(*args, **kwargs)
    except FAILURES as error:
        return error
    return None
