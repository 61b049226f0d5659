"""Keeps the labels and their file true: carries out what the lease decides, and says what changed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ParamSpec

from xelinkd import logs
from xelinkd.model import lease
from xelinkd.model.episodes import follow
from xelinkd.model.feature_file import FeatureFile, TooLargeError, render, time_stamp
from xelinkd.model.labels import pairs_of, summary_of
from xelinkd.model.observation import MAX_DETAIL_LENGTH
from xelinkd.sinks.feature_file import Absent, Foreign, Ours
from xelinkd.state.keeping import Work
from xelinkd.state.told import Fault
from xelinkd.telling import tell
from xelinkd.workers.memory import Knowledge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xelinkd.model.lease import Held, Instant
    from xelinkd.sinks.feature_file import FeatureFileSink, OnDisk
    from xelinkd.sinks.whole_file import Signature
    from xelinkd.workers.memory import Memory

log = logs.logger()

_P = ParamSpec("_P")


class Keeper:
    """The labels held, and what is known of the feature file."""

    def __init__(
        self,
        sink: FeatureFileSink,
        lease_seconds: float,
        clock: Callable[[], Instant],
        memory: Memory,
        former: Sequence[FeatureFileSink] = (),
    ) -> None:
        """Know what a predecessor knew; the first `step` looks at what it left.

        `former` is where the feature file was before, if the configuration moved it; the latest comes last.
        """
        known = memory.recall()
        self._sink = sink
        self._former = former
        self._lease = lease_seconds
        self._clock = clock
        self._memory = memory
        self._held = known.held and lease.shortened(known.held, clock(), lease_seconds)
        self._lines: tuple[str, ...] = ()  # what the file last held of ours
        self._on_disk: OnDisk = Absent()
        self._signature: Signature | None = None
        self._written_offset = 0.0
        self._fault = known.fault
        self._error = ""
        self._writes = 0
        self._errors = 0

    @property
    def held(self) -> Held | None:
        """The labels held, and until when."""
        return self._held

    @property
    def fault(self) -> Fault | None:
        """Why the file cannot be set right, if it cannot."""
        return Fault(self._error[:MAX_DETAIL_LENGTH], self._fault.since) if self._fault else None

    def take_work(self) -> Work:
        """Give what was done since this was last asked."""
        done = Work(self._writes, self._errors)
        self._writes = self._errors = 0
        return done

    @property
    def end(self) -> float | None:
        """When the labels held now end, in boot time; None if none are held."""
        return self._held.end if self._held else None

    def step(self, lines: tuple[str, ...] | None = None, at: float = 0.0) -> bool:
        """Take in what was observed at a moment of boot time (None: nothing new), and set the file right.

        False if the file could not be set right; the next step tries again. No fault stops the lease: the
        labels held are renewed when the new ones are refused, and let go of when the file cannot be seen.
        """
        now = self._clock()
        self._inherit(now)
        unseen = _fault_of(self._look, now)
        refused = None if lines is None else _fault_of(self._hold, lines, at, now)
        self._let_go(now)
        self._keep_in_mind()
        fault = unseen or _fault_of(self._carry_out, now) or refused or _fault_of(self._leave_former)
        self._tell_fault(fault, now)
        self._keep_in_mind()
        return fault is None

    @property
    def has_moved(self) -> bool:
        """Tell whether nothing of ours is left where the feature file was before."""
        return not self._former

    def _inherit(self, now: Instant) -> None:
        """Hold what stands at the latest former place: it was true, whatever may stand at the new one."""
        for old in reversed(self._former):
            with suppress(OSError):
                found = old.read()
                if self._held is None and isinstance(found, Ours):
                    self._held = lease.adopt(found.file, now, self._lease)

    def _leave_former(self) -> None:
        """Remove our labels from where they were, now that they are where they shall be."""
        for old in self._former:
            if isinstance(old.read(), Ours):
                old.remove()
                log.info("labels_moved", file=self._sink.path, moved_from=old.path)
        self._former = ()

    def _hold(self, lines: tuple[str, ...], at: float, now: Instant) -> None:
        if self._held is None or lines != self._held.lines:
            render(FeatureFile(lines, expiry=0))  # what NFD would not take must not replace what it has
        self._held = lease.observed(lines, at, now, self._lease)

    def _look(self, now: Instant) -> None:
        """Read the file if it is not as we left it."""
        signature = self._sink.signature()
        if signature != self._signature:
            self._on_disk = self._sink.read()
            self._signature = signature
            if self._held is None:
                self._adopt(now)
            elif not self._lines and isinstance(self._on_disk, Ours):
                self._lines, self._written_offset = self._on_disk.file.lines, now.offset

    def _adopt(self, now: Instant) -> None:
        """Take over what a predecessor left, even if it comes to light late: its folder is mounted, say."""
        self._written_offset = now.offset
        if isinstance(self._on_disk, Foreign):
            log.warning("feature_file_foreign", file=self._sink.path, found=self._on_disk.what)
        if isinstance(self._on_disk, Ours):
            self._lines = self._on_disk.file.lines
            self._held = lease.adopt(self._on_disk.file, now, self._lease)
            self._tell_adopted(now)

    def _tell_adopted(self, now: Instant) -> None:
        links = len(pairs_of(self._lines))
        if self._held is None:
            log.warning("labels_expired", file=self._sink.path, links=links)
        else:
            seconds = round(self._held.end - now.boot)
            log.info("labels_adopted", file=self._sink.path, links=links, lease_seconds=seconds)

    def _keep_in_mind(self) -> None:
        """Before the file is written, too: who is killed between the two shall not take the labels back."""
        self._memory.keep(Knowledge(self._held, self._fault))

    def _let_go(self, now: Instant) -> None:
        if self._held is not None and lease.still_held(self._held, now) is None:
            log.warning("lease_ended", file=self._sink.path, links=len(pairs_of(self._held.lines)))
            self._held = None

    def _carry_out(self, now: Instant) -> None:
        match lease.plan(self._held, self._usable(), self._written_offset, now, self._lease):
            case lease.Write(file):
                self._write(file, now)
            case lease.Remove():
                self._sink.remove()
                self._on_disk, self._signature, self._lines = Absent(), None, ()
            case lease.Leave():
                pass

    def _usable(self) -> FeatureFile | None:
        """Give the file on disk if it can serve as it is: ours, and readable by NFD or only to be removed."""
        if isinstance(self._on_disk, Ours) and (self._on_disk.readable or self._held is None):
            return self._on_disk.file
        return None

    def _write(self, file: FeatureFile, now: Instant) -> None:
        before = self._on_disk
        if isinstance(before, Foreign):
            aside = self._sink.keep_aside()
            log.warning("feature_file_moved_aside", file=self._sink.path, found=before.what, moved_to=aside)
        self._sink.write(file)
        self._writes += 1
        self._on_disk, self._signature = Ours(file, readable=True), self._sink.signature()
        self._written_offset = now.offset
        self._tell_written(before, file)

    def _tell_written(self, before: OnDisk, file: FeatureFile) -> None:
        expires = time_stamp(file.expiry or 0)
        if file.lines != self._lines:
            old, new = pairs_of(self._lines), pairs_of(file.lines)
            log.info(
                "labels_changed",
                file=self._sink.path,
                links=len(new),
                added=[pair for pair in new if pair not in old],
                removed=[pair for pair in old if pair not in new],
                **_summed(self._lines, file.lines),
                expires=expires,
            )
        elif isinstance(before, Ours) and before.readable and before.file.lines == file.lines:
            log.debug("lease_renewed", file=self._sink.path, expires=expires)
        else:
            log.warning("feature_file_repaired", file=self._sink.path, expires=expires)
        self._lines = file.lines

    def _explained(self, error: Exception | None) -> str:
        """Name the folder that people know, rather than the hidden one that was to be made in it."""
        folder = self._sink.path.parent
        if isinstance(error, FileNotFoundError) and not folder.exists():
            return f"there is no folder {folder}: is Node Feature Discovery set up? Make it, or mount it"
        return str(error)

    def _tell_fault(self, error: Exception | None, now: Instant) -> None:
        kind = None if error is None else type(error).__name__
        self._fault, news = follow(self._fault, kind, now.boot)
        self._error = self._explained(error)
        self._errors += error is not None
        tell(
            log,
            news,
            fault="feature_file_failing",
            over="feature_file_recovered",
            file=self._sink.path,
            error=self._error,
        )


def _summed(before: tuple[str, ...], after: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Give the summary for the log, if there is one, or was."""
    summed = summary_of(after)
    return {"summary": summed} if summed or summary_of(before) else {}


def _fault_of(act: Callable[_P, None], *args: _P.args, **kwargs: _P.kwargs) -> Exception | None:
    """Give what kept an act from being done."""
    try:
        act(*args, **kwargs)
    except (OSError, TooLargeError) as error:
        return error
    return None
