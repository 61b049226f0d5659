"""Forks a worker so that it has nothing of its siblings and outlives nobody, and watches it by pidfd.

`os.fork` rather than `multiprocessing.Process`: a worker learns of its supervisor's death by the end of its
control pipe, which takes that every sibling has closed its copies of the pipe's ends; and `Process` keeps a
hidden descriptor that closing "all others" would close too.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Final, NoReturn

from msgspec import Struct

from xelinkd import clocks, logs
from xelinkd.confinement.confine import confine
from xelinkd.forks import CRASHED, kill, reap, stand_alone
from xelinkd.workers.lifeline import MAX_WORD_SIZE, Lifeline, Released

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

    from xelinkd.confinement.promises import Promise

DONE: Final = "exit status 0"

log = logs.logger()


class OutOfTurnError(Exception):
    """A worker said what it may not say: it is not what was forked any more."""


class Job(Struct, frozen=True):
    """What a worker is to do, and what it needs for that.

    `connections` are the ends of pipes that it takes over, `shared` the descriptors that it has in common
    with the supervisor; every other one but the standard ones is closed.
    `words`: what it may say; anything else is its end. `may_be_killed`: it holds nothing that it would have
    to finish, so it is killed rather than released. `promise` gives, in the worker, what it is confined to.
    """

    name: str
    main: Callable[[Lifeline], None]
    connections: Sequence[Connection]
    words: frozenset[bytes]
    may_be_killed: bool
    promise: Callable[[], Promise]
    shared: Sequence[int] = ()


class Worker(Struct, frozen=True):
    """A worker that was forked: its process, the supervisor's end of its control pipe, its birth."""

    job: Job
    pid: int
    pidfd: int
    control: Connection
    since: float  # boot time

    def hear(self) -> bytes:
        """Take the next word, once the control pipe can be read.

        Raises:
            OutOfTurnError: it is none that this worker may say.
            EOFError: the worker's end of the pipe is closed: it has ended, or soon will.

        """
        try:
            word = self.control.recv_bytes(MAX_WORD_SIZE)
        except ConnectionResetError:
            raise EOFError from None
        except OSError:
            raise OutOfTurnError(f"half a word, or more than {MAX_WORD_SIZE} bytes") from None
        if word not in self.job.words:
            raise OutOfTurnError(repr(word))
        return word

    def kill(self) -> None:
        """End it now; a stopped process too."""
        kill(self.pidfd)

    def release(self) -> None:
        """Let it end: its control pipe closes."""
        if self.job.may_be_killed:
            self.kill()
        self.control.close()

    def reap(self) -> str:
        """Take note of its end, once its pidfd can be read; give the cause in words."""
        cause = reap(self.pid, self.pidfd)
        self.control.close()
        return cause


def fork_worker(job: Job, *, heartbeat_period: float, set_up: Callable[[str], None]) -> Worker:
    """Fork a worker; `set_up` is called in it first, with its name.

    Only to be called from a process without threads, which has imported everything.
    """
    ours, theirs = Pipe()
    os.set_blocking(ours.fileno(), False)  # a word comes whole: nobody waits for the rest of one
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        ours.close()
        _live(job, theirs, heartbeat_period, supervisor, set_up)
    theirs.close()
    return Worker(job, pid, os.pidfd_open(pid), ours, clocks.now().boot)


def _live(
    job: Job, control: Connection, period: float, supervisor: int, set_up: Callable[[str], None]
) -> NoReturn:
    """Be the worker. Never returns: the frames below belong to the supervisor."""
    status = CRASHED
    try:
        _detach(job, control, supervisor)
        set_up(job.name)
        is_outdated = confine(job.promise())
        job.main(Lifeline(control, period, is_outdated))
        status = 0
    except Released:
        status = 0
    except BaseException:  # whatever it is, it is told here and ends here
        with suppress(BaseException):
            log.exception("worker_crashed", worker=job.name)
    finally:
        os._exit(status)


def _detach(job: Job, control: Connection, supervisor: int) -> None:
    """Keep only what is the worker's own, and die with the supervisor, even when stopped."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(
            number, signal.SIG_IGN
        )  # sent to the whole group; the supervisor decides what they mean
    keep = {0, 1, 2, control.fileno(), *(connection.fileno() for connection in job.connections), *job.shared}
    stand_alone(job.name, keep, supervisor)
