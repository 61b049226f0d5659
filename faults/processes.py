"""The faults of processes: a worker is killed, stopped, out of memory, or met by an exception; and more."""

from __future__ import annotations

import os
import resource
import signal
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.client import OK
from pathlib import Path
from typing import TYPE_CHECKING, Final

import urllib3
from support.daemon import wait_until

from faults.crashes import crashing
from faults.fault import Fault
from faults.kills import kills
from faults.meanwhile import meanwhile
from faults.ordeal import Ordeal
from faults.orphans import supervisor_bitten, supervisor_killed
from faults.preload import Preload, preload
from faults.rig import INTERVAL
from faults.rivals import second_exits, second_waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from faults.rig import Rig

    Begin = Callable[[Rig], AbstractContextManager[None]]

PIPELINE: Final = frozenset({"xelinkd:fetcher", "xelinkd:writer"})  # which are replaced together
_ENDS: Final = {
    "fetcher": PIPELINE,
    "writer": PIPELINE,
    "watcher": PIPELINE | {"xelinkd:watcher"},  # for it is asked to hear of another configuration
    "status": frozenset({"xelinkd:status"}),
}
_STRIKES: Final = 10  # one at each tenth of the cycle
_BACKOFF: Final = 1.0  # seconds; the longest for a worker that had done its work
HEARTBEAT: Final = 6.0  # seconds; the shortest that the rig's deadline allows


def _struck(worker: str, number: signal.Signals) -> Begin:
    """Send a worker a signal at each tenth of its cycle, counted from when it is there."""

    @contextmanager
    def begin(rig: Rig) -> Iterator[None]:
        def strike() -> None:
            for tenth in range(_STRIKES):
                pid = rig.daemon.wait_for_workers()[worker]
                time.sleep(tenth / _STRIKES * INTERVAL)
                os.kill(pid, number)
                _wait_for_the_end(rig, pid)

        with meanwhile(strike):
            yield

    return begin


def _stopped(worker: str) -> Begin:
    """Stop a worker; the heartbeat finds it out."""

    @contextmanager
    def begin(rig: Rig) -> Iterator[None]:
        os.kill(rig.daemon.wait_for_workers()[worker], signal.SIGSTOP)
        yield

    return begin


def _wait_for_the_end(rig: Rig, pid: int) -> None:
    """Wait until it is dead and buried: a zombie would be taken for a worker."""
    wait_until(
        lambda: not Path(f"/proc/{pid}").exists(), f"the end of {pid} in\n{rig.daemon.log.read_text()}"
    )


def _heard(begin: Begin, within: float) -> Begin:
    """Change the configuration meanwhile: what the watcher is for. AssertionError if that does not apply."""

    @contextmanager
    def changing(rig: Rig) -> Iterator[None]:
        with begin(rig):
            rig.daemon.configure(source={"max_page_mib": 17})
            yield
            wait_until(lambda: rig.daemon.events("config_applied"), "the configuration to apply", within)

    return changing


def _served(begin: Begin, within: float) -> Begin:
    """Ask for the status when it is over. AssertionError if nobody answers."""

    @contextmanager
    def asking(rig: Rig) -> Iterator[None]:
        with begin(rig):
            yield
        wait_until(lambda: _is_served(rig), "the status to be served", within)

    return asking


def _is_served(rig: Rig) -> bool:
    try:
        return (
            urllib3.request("GET", f"http://{rig.daemon.listen}/livez", timeout=1.0, retries=False).status
            == OK
        )
    except urllib3.exceptions.HTTPError:
        return False


_WORKS: Final = {"watcher": _heard, "status": _served}  # how it is seen that such a worker works again


def with_a_short_heartbeat(rig: Rig) -> None:
    """Find out soon who is silent."""
    rig.daemon.configure(supervision={"heartbeat_deadline": f"{HEARTBEAT:.0f}s"})


class _Bitten:
    """A worker whose C library fails it, from inside, until the worker has ended."""

    def __init__(self, worker: str, bite: Callable[[Preload, int], AbstractContextManager[None]]) -> None:
        self._worker = worker
        self._bite = bite
        self._preload: Preload

    def prepare(self, rig: Rig) -> None:
        """Stand between it and its C library."""
        self._preload = preload(rig)

    @contextmanager
    def begin(self, rig: Rig) -> Iterator[None]:
        """Bite, and wake watcher and status, which would not notice before something happens."""
        pid = rig.daemon.wait_for_workers()[self._worker]
        with self._bite(self._preload, pid):
            rig.daemon.configure()
            _is_served(rig)
            _wait_for_the_end(rig, pid)
        yield


def _faults_of(worker: str) -> Iterator[Fault]:
    for number in (signal.SIGKILL, signal.SIGSEGV):
        yield _fault(worker, f"{number.name} ten times", _struck(worker, number), _BACKOFF)
    stopped = _fault(worker, "SIGSTOP", _stopped(worker), HEARTBEAT)
    yield replace(
        stopped,
        prepare=with_a_short_heartbeat,
        tells=("worker_hung",),
        fetches=int((HEARTBEAT + 1) / INTERVAL),
    )
    for name, bite in (("MemoryError", Preload.without_memory), ("an exception", Preload.without_clocks)):
        bitten = _Bitten(worker, bite)
        yield replace(_fault(worker, name, bitten.begin), prepare=bitten.prepare)


def _fault(worker: str, name: str, begin: Begin, grace: float = 0.0) -> Fault:
    works = _WORKS.get(worker)
    return Fault(
        f"{worker}: {name}",
        works(begin, INTERVAL + 1 + grace) if works else begin,
        ("worker_ended",),
        counts=False,
        follows=True,
        may_end=_ENDS[worker],
        grace=grace,
    )


def _somewhere_else(rig: Rig) -> None:
    """Start the daemon in a folder of its own."""
    (rig.folder / "here").mkdir()
    rig.daemon.prefix += ("env", "-C", str(rig.folder / "here"))


@contextmanager
def _nowhere(rig: Rig) -> Iterator[None]:
    """Remove that folder, and have the fetcher replaced."""
    (rig.folder / "here").rmdir()
    os.kill(rig.daemon.wait_for_workers()["fetcher"], signal.SIGKILL)
    yield


@contextmanager
def _without_descriptors(rig: Rig) -> Iterator[None]:
    """Let the supervisor open nothing more, and have the fetcher replaced."""
    supervisor, workers = rig.daemon.pid, rig.daemon.wait_for_workers()
    before = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
    highest = max(int(path.name) for path in Path(f"/proc/{supervisor}/fd").iterdir())
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (highest + 1, before[1]))
    os.kill(workers["fetcher"], signal.SIGKILL)
    yield
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, before)


@contextmanager
def _supervisor_stopped(rig: Rig) -> Iterator[None]:
    os.kill(rig.daemon.pid, signal.SIGSTOP)
    yield
    os.kill(rig.daemon.pid, signal.SIGCONT)


@contextmanager
def _all_stopped(rig: Rig) -> Iterator[None]:
    pids = [rig.daemon.pid, *rig.daemon.wait_for_workers().values()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in reversed(pids):
        os.kill(pid, signal.SIGCONT)


FAULTS: Final[tuple[Fault | Ordeal, ...]] = (
    *(fault for worker in _ENDS for fault in _faults_of(worker)),
    replace(_fault("fetcher", "SIGKILL, its working directory is gone", _nowhere), prepare=_somewhere_else),
    Fault(
        "supervisor: no descriptors, fetcher: SIGKILL",
        _without_descriptors,
        ("worker_not_started",),
        counts=False,
        may_end=PIPELINE,
        grace=2.0,  # the delay grows, and has reached that
    ),
    Fault("supervisor: SIGSTOP", _supervisor_stopped, ("labels_changed",), follows=True),
    Fault("all of it: SIGSTOP", _all_stopped, (), counts=False),
    Ordeal("1,000 kills at random, restarted within 0.1 s", partial(kills, 1000, restart_delay_max="100ms")),
    Ordeal("100 kills at random, restarted as by default", partial(kills, 100)),
    Ordeal("fetcher crashes at every start", partial(crashing, "fetcher")),
    Ordeal("writer crashes at every start", partial(crashing, "writer")),
    Ordeal("watcher crashes at every start", partial(crashing, "watcher")),
    Ordeal("supervisor: SIGKILL", supervisor_killed),
    Ordeal("supervisor: MemoryError", partial(supervisor_bitten, Preload.without_memory)),
    Ordeal("supervisor: an exception", partial(supervisor_bitten, Preload.without_clocks)),
    Ordeal("a second xelinkd, which exits", second_exits),
    Ordeal("a second xelinkd, which waits and takes over", second_waits),
)
