"""A unit at work: carries out what the table of phases says, on real processes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd import clocks, logs
from xelinkd.state.told import Ended, Process, UnitState
from xelinkd.supervisor.backoff import Failures, delay, failed
from xelinkd.supervisor.phases import TRANSITIONS, Act, Event, Phase
from xelinkd.supervisor.processes import DONE, Job, OutOfTurnError, Worker, fork_worker
from xelinkd.workers.lifeline import CHANGED, PROGRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from xelinkd.config.schema import Config

GRACE: Final = 1.5  # seconds for a released worker to finish a write
KILL_AGAIN_AFTER: Final = 5.0  # seconds; a process in an uninterruptible wait ends when the kernel lets it
BEATS_PER_DEADLINE: Final = 2.0

_WORK_DONE: Final = frozenset({PROGRESS, CHANGED})  # by the pipeline and the status process, by the watcher

log = logs.logger()


class Build(Struct, frozen=True):
    """What a unit is made from: equal `key`s make equal workers; `jobs` gives them, with fresh pipes."""

    key: object
    jobs: Callable[[], Sequence[Job]]
    set_up: Callable[[str], None]
    heartbeat_deadline: float  # seconds
    longest_delay: float  # seconds


def build_of(config: Config, key: object, jobs: Callable[[], Sequence[Job]]) -> Build:
    """Give what a unit is made from, supervised and logging as configured."""
    return Build(
        key,
        jobs,
        set_up=logs.name_process,
        heartbeat_deadline=float(config.supervision.heartbeat_deadline),
        longest_delay=float(config.supervision.restart_delay_max),
    )


class Unit:
    """Workers that are started, stopped and replaced together: one fails, all are replaced."""

    def __init__(self, name: str, build: Build) -> None:
        """Start with the next `tick`."""
        self.name = name
        self._build = build
        self._phase = Phase.RESTING
        self._deadline = time.monotonic()
        self._workers: dict[int, Worker] = {}  # by pidfd
        self._heard: dict[int, float] = {}  # by pidfd: when its worker last said something
        self._deaf: set[int] = set()  # pidfds of workers whose control pipe has ended
        self._started = 0.0
        self._progressed = False
        self._failures = Failures()
        self._is_failing = False  # it failed, and has not done its work since
        self._ends: dict[tuple[str, str], Ended] = {}  # by worker and cause

    @property
    def is_gone(self) -> bool:
        """Tell whether the unit has ended for good."""
        return self._phase is Phase.GONE

    @property
    def deadline(self) -> float:
        """When `tick` has something to do (time.monotonic)."""
        if self._phase is Phase.RUNNING:
            return min(self._heard.values(), default=self._started) + self._build.heartbeat_deadline
        return float("inf") if self.is_gone else self._deadline

    @property
    def sign(self) -> object:
        """Give something that is another when `state`, `processes` or `ended` are."""
        return self.state(), tuple(self._workers), sum(ended.times for ended in self._ends.values())

    def state(self) -> UnitState:
        """Tell how the unit is."""
        return UnitState(
            self.name, self._phase.name.lower(), self._failures.count, is_failing=self._is_failing
        )

    def processes(self) -> Iterator[Process]:
        """Tell of each worker."""
        return (Process(worker.job.name, worker.pid, worker.since) for worker in self._workers.values())

    def ended(self) -> tuple[Ended, ...]:
        """Tell how often workers ended by themselves or had to be ended, and why."""
        return tuple(self._ends.values())

    def sources(self) -> Iterator[tuple[Connection | int, Callable[[], bytes | None]]]:
        """Give what to wait for, each with what to call once it can be read."""
        for pidfd, worker in self._workers.items():
            if pidfd not in self._deaf and self._phase is Phase.RUNNING:
                yield worker.control, partial(self._hear, worker)  # its last word before its end
            yield pidfd, partial(self._bury, worker)

    def tick(self, now: float) -> None:
        """Do what is due."""
        if now >= self.deadline:
            if self._phase is Phase.RUNNING:
                self._tell_hung(now)
            self._handle(Event.OVERDUE)

    def forgive(self, now: float) -> None:
        """Count heartbeats from now: the supervisor itself was stopped, and the workers perhaps with it."""
        self._heard = dict.fromkeys(self._heard, now)

    def rebuild(self, build: Build) -> None:
        """Be made from something else from now on; the workers are replaced if that makes a difference."""
        changed = build.key != self._build.key
        self._build = build
        if changed:
            self._failures = Failures()
            self._handle(Event.REPLACE)

    def renew(self) -> None:
        """Replace the workers by ones that are made from the same; those to come are new anyway."""
        if self._phase is Phase.RUNNING:
            self._handle(Event.REPLACE)

    def stop(self) -> None:
        """End all workers, for good."""
        self._handle(Event.STOP)

    def _handle(self, event: Event) -> None:
        self._phase, act = TRANSITIONS[self._phase, event]
        _ACTS[act](self)

    # What the table asks for.

    def _do_nothing(self) -> None:
        pass

    def _start(self) -> None:
        period = self._build.heartbeat_deadline / BEATS_PER_DEADLINE
        self._started = time.monotonic()
        self._progressed = False
        self._heard = {}
        try:
            with closing_connections(self._build.jobs()) as jobs:
                for job in jobs:
                    worker = fork_worker(job, heartbeat_period=period, set_up=self._build.set_up)
                    self._workers[worker.pidfd] = worker
                    self._heard[worker.pidfd] = self._started
                    log.debug("worker_started", worker=job.name, worker_pid=worker.pid)
        except (OSError, ImportError) as error:  # nothing to be had: memory, descriptors; perhaps later
            log.error("worker_not_started", unit=self.name, error=str(error))  # noqa: TRY400  no trace needed
            self._handle(Event.MEMBER_ENDED if self._workers else Event.ALL_ENDED)

    def _release(self) -> None:
        self._deadline = time.monotonic() + GRACE
        for worker in self._workers.values():
            worker.release()

    def _kill(self) -> None:
        self._deadline = time.monotonic() + KILL_AGAIN_AFTER
        for worker in self._workers.values():
            worker.kill()

    def _rest(self) -> None:
        now = time.monotonic()
        lived = now - self._started
        self._failures = failed(self._failures, lived=lived, made_progress=self._progressed)
        self._is_failing = True
        seconds = delay(self._failures, longest=self._build.longest_delay)
        self._deadline = now + seconds
        log.warning("unit_restarting", unit=self.name, delay_seconds=seconds, failures=self._failures.count)

    # What comes from the workers.

    def _hear(self, worker: Worker) -> bytes | None:
        if self._workers.get(worker.pidfd) is not worker:  # buried, its number perhaps taken again
            return None
        if self._phase is not Phase.RUNNING:  # released a moment ago, and not heard any more
            return None
        try:
            word = worker.hear()
        except EOFError:  # it is ending; a worker that lives on without its lifeline would be nobody's
            self._deaf.add(worker.pidfd)
            worker.kill()
            return None
        except OutOfTurnError as error:
            log.error("worker_out_of_turn", worker=worker.job.name, said=str(error))  # noqa: TRY400  no trace needed
            self._note_end(worker.job.name, "out of turn")
            worker.kill()
            return None
        self._heard[worker.pidfd] = time.monotonic()
        if word in _WORK_DONE:
            self._note_progress()
        return word

    def _note_progress(self) -> None:
        self._progressed = True
        if self._is_failing:
            log.info("unit_works_again", unit=self.name, failures=self._failures.count)
        self._is_failing = False

    def _bury(self, worker: Worker) -> None:
        cause = worker.reap()
        del self._workers[worker.pidfd]
        self._heard.pop(worker.pidfd, None)
        self._deaf.discard(worker.pidfd)
        expected = self._phase is not Phase.RUNNING
        if self._workers:
            self._handle(Event.MEMBER_ENDED)  # at once: the others end while this one's end is told
        tell = log.debug if expected else log.error
        tell("worker_ended", worker=worker.job.name, worker_pid=worker.pid, cause=cause)
        if not expected:
            self._note_end(worker.job.name, cause)
        if not self._workers:
            self._handle(Event.ALL_ENDED)

    def _tell_hung(self, now: float) -> None:
        limit = self._build.heartbeat_deadline
        silent = [self._workers[pidfd].job.name for pidfd, at in self._heard.items() if now >= at + limit]
        log.error("worker_hung", workers=silent, deadline_seconds=limit)
        for name in silent:
            self._note_end(name, "hung")

    def _note_end(self, worker: str, cause: str) -> None:
        before = self._ends.get((worker, cause))
        times = before.times if before else 0
        self._ends[worker, cause] = Ended(worker, cause, times + 1, clocks.now().boot)


@contextmanager
def closing_connections(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    """Close our ends of the jobs' pipes once they are forked: left open, no worker would see an end."""
    try:
        yield jobs
    finally:
        for job in jobs:
            for connection in job.connections:
                connection.close()


def see_through(build: Build, patience: float = GRACE) -> None:
    """Run jobs that end by themselves, and wait for that; what does not end in so many seconds is killed."""
    workers = [fork_worker(job, heartbeat_period=GRACE, set_up=build.set_up) for job in build.jobs()]
    deadline = time.monotonic() + patience
    for worker in workers:
        if not wait([worker.pidfd], max(0.0, deadline - time.monotonic())):
            log.error("worker_hung", workers=[worker.job.name], deadline_seconds=patience)
            worker.kill()
        elif (cause := worker.reap()) != DONE:
            log.error("worker_ended", worker=worker.job.name, worker_pid=worker.pid, cause=cause)


_ACTS: Final[dict[Act, Callable[[Unit], None]]] = {
    Act.NOTHING: Unit._do_nothing,  # noqa: SLF001  this table is the unit's own
    Act.START: Unit._start,  # noqa: SLF001
    Act.RELEASE: Unit._release,  # noqa: SLF001
    Act.KILL: Unit._kill,  # noqa: SLF001
    Act.REST: Unit._rest,  # noqa: SLF001
}
