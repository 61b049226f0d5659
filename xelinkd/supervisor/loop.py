"""The supervisor: single-threaded, it only waits: no connection to the network, no file written."""

from __future__ import annotations

import faulthandler
import time
from enum import Enum, auto
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from xelinkd import __version__, clocks, logs
from xelinkd.config.changes import changes
from xelinkd.config.problems import ConfigError, UnreadableError
from xelinkd.confinement.confine import tell_confinement
from xelinkd.confinement.privileges import (
    DAC_OVERRIDE,
    DAC_READ_SEARCH,
    NET_BIND_SERVICE,
    forgo_new_privileges,
    hide_memory,
    keep_capabilities,
)
from xelinkd.supervisor import logins, reloads, signals
from xelinkd.supervisor.notice import Applied, NoticeBoard, applied, refused
from xelinkd.supervisor.orphans import reap_orphans
from xelinkd.supervisor.pipeline import patience, pipeline, remover, watcher
from xelinkd.supervisor.service_manager import Announcer, service_manager
from xelinkd.supervisor.status import StatusUnits
from xelinkd.supervisor.unit import Unit, see_through
from xelinkd.workers.boards import Boards
from xelinkd.workers.former import NOTHING_FORMER, left_by
from xelinkd.workers.lifeline import CHANGED, LOCKED, OUTDATED, SETTLED

if TYPE_CHECKING:
    from collections.abc import Callable

    from xelinkd.config.load import Loaded
    from xelinkd.supervisor.unit import Build

OVERSLEPT: Final = 2.0  # seconds past its deadline: the supervisor was stopped itself

log = logs.logger()


class Ending(Enum):
    """Why the daemon ended."""

    TOLD = auto()  # by SIGTERM or SIGINT
    LOCKED = auto()  # another xelinkd keeps the feature file


def supervise(loaded: Loaded, load_again: Callable[[Loaded], Loaded]) -> Ending:
    """Run xelinkd until it shall end; `load_again` reads the configuration, or raises ConfigError."""
    faulthandler.enable(2)  # for the workers, too; a watchdog's SIGABRT shows where it hung
    forgo_new_privileges()
    keep_capabilities(DAC_OVERRIDE | DAC_READ_SEARCH | NET_BIND_SERVICE)  # what one worker or another keeps
    with signals.signal_wake_up() as wake_up:
        return Supervisor(loaded, load_again, wake_up).run()


class Supervisor:
    """The units, the configuration in force, and when to look at it again."""

    def __init__(self, loaded: Loaded, load_again: Callable[[Loaded], Loaded], wake_up: int) -> None:
        """Take the configuration to begin with; nothing runs before `run`."""
        self._applied = Applied(_guarded(loaded), clocks.now().boot)
        self._load_again = load_again
        self._wake_up = wake_up
        self._reloads = reloads.Reloads()
        self._renewals = reloads.Reloads()
        self._former = NOTHING_FORMER
        self._first_fetch = time.monotonic() + loaded.config.source.startup_delay
        self._logins = logins.Logins()
        self._boards = Boards()
        self._notice = NoticeBoard(self._boards)
        self._announcer = Announcer(service_manager(), self._boards)
        self._pipeline = Unit("pipeline", self._pipeline_of(loaded))
        self._watcher = Unit("watcher", watcher(loaded))
        self._status = StatusUnits(self._boards, loaded)
        self._asked_at: float | None = None  # when a configuration was last asked for, or came by itself
        self._is_stopping = False
        self._ending = Ending.TOLD

    @property
    def _loaded(self) -> Loaded:
        return self._applied.loaded

    @property
    def _units(self) -> tuple[Unit, ...]:
        return (self._pipeline, self._watcher, *self._status.units())

    def run(self) -> Ending:
        """Wait, hear, act, until all units are gone."""
        log.info("started", version=__version__, config=self._loaded.path)
        tell_confinement()
        self._status.load()
        self._notice.turn(self._units, self._applied)  # who serves it may be asked at once
        while not all(unit.is_gone for unit in self._units):
            self._wait()
            self._reap_orphans()
            now = time.monotonic()
            for unit in self._units:
                unit.tick(now)
            if now >= self._reloads.next:
                self._reload()
            if now >= self._renewals.due:
                self._renew()
            self._tell()
        self._follow_exit_policy()
        log.info("stopped")
        return self._ending

    def _tell(self) -> None:
        self._notice.turn(self._units, self._applied)
        is_asked = self._reloads.due != reloads.NEVER
        self._announcer.turn(asked_at=self._asked_at, is_asked=is_asked, is_stopping=self._is_stopping)

    def _follow_exit_policy(self) -> None:
        """Remove the labels if that is asked for: by a worker of its own, for the writer may be long dead."""
        if self._loaded.config.target.on_exit == "remove":
            see_through(remover(self._loaded, self._former), patience(self._loaded.config, self._former))

    def _wait(self) -> None:
        """Wait for what comes first, and take it in."""
        actions = {source: (unit, hear) for unit in self._units for source, hear in unit.sources()}
        deadlines = (self._reloads.next, self._renewals.due, self._announcer.deadline)
        due = min(*deadlines, *(unit.deadline for unit in self._units))
        ready = wait([self._wake_up, *actions], max(0.0, due - time.monotonic()))
        if time.monotonic() > due + OVERSLEPT:
            self._forgive()
        if self._wake_up in ready:
            self._heed(signals.received(self._wake_up))
        for source in ready:
            if source in actions:
                unit, hear = actions[source]
                self._take_in(hear(), unit)

    def _reap_orphans(self) -> None:
        reap_orphans(frozenset(process.pid for unit in self._units for process in unit.processes()))

    def _take_in(self, word: bytes | None, unit: Unit) -> None:
        """Act on what a worker says; `alive` and the like are for its unit alone."""
        if word == CHANGED:
            self._ask_for_reload()
        elif word == OUTDATED and unit is not self._pipeline:
            unit.renew()
        elif word == OUTDATED:
            self._renewals = reloads.ask(self._renewals, time.monotonic())
        elif word == SETTLED:
            self._forget_former()
        elif word == LOCKED:
            self._yield_to_another()
        elif word in logins.WORDS:
            self._logins = logins.heard(word, time.monotonic())
            self._pipeline.rebuild(self._pipeline_of(self._loaded))

    def _forgive(self) -> None:
        log.warning("supervisor_was_stopped")
        for unit in self._units:
            unit.forgive(time.monotonic())

    def _forget_former(self) -> None:
        """Leave alone what may stand there from now on; the writer that runs is not replaced for that."""
        if self._former != NOTHING_FORMER:
            log.debug("former_files_forgotten", files=list(self._former.places()))
        self._former = NOTHING_FORMER
        self._pipeline.rebuild(self._pipeline_of(self._loaded))

    def _pipeline_of(self, loaded: Loaded) -> Build:
        return pipeline(loaded, self._first_fetch, self._logins, self._boards, self._former)

    def _heed(self, numbers: frozenset[int]) -> None:
        if numbers & signals.RELOAD:
            self._asked_at = time.monotonic()
            self._ask_for_reload()
        if numbers & signals.STOP:
            log.info("stopping", signals=sorted(signals.names(numbers & signals.STOP)))
            self._stop()

    def _yield_to_another(self) -> None:
        """End, unless told to wait: two that keep one file would undo each other's work."""
        if self._loaded.config.feature_file.when_locked == "exit":
            self._ending = Ending.LOCKED
            self._stop()

    def _stop(self) -> None:
        self._is_stopping = True
        self._pipeline.stop()
        self._watcher.stop()
        self._status.stop()

    def _ask_for_reload(self) -> None:
        self._reloads = reloads.ask(self._reloads, time.monotonic())

    def _reload(self) -> None:
        has_changed = False
        try:
            loaded = self._load_again(self._loaded)
        except ConfigError as error:
            is_whole = not isinstance(error, UnreadableError)
            self._tell_refused(error)
        else:
            is_whole = loaded.is_whole
            self._tell_right_again()
            has_changed = not loaded.asks_for_the_same(self._loaded)
            if has_changed:
                self._apply(loaded)
            else:
                log.debug("config_unchanged", config=loaded.path)
        self._reloads = reloads.done(time.monotonic(), applied=has_changed, is_whole=is_whole)

    def _renew(self) -> None:
        """Replace the pipeline: what it is confined to is not what stands there any more."""
        log.info("pipeline_renewed")
        self._pipeline.renew()
        self._renewals = reloads.done(time.monotonic(), applied=True)

    def _tell_refused(self, error: ConfigError) -> None:
        """Say what is wrong once, however often the same is read; what is in force stays so."""
        before, self._applied = self._applied, refused(self._applied, error)
        if self._applied.problems != before.problems:
            self._asked_at = time.monotonic()
            log.error("config_refused", config=self._loaded.path, problems=list(self._applied.problems))

    def _tell_right_again(self) -> None:
        if self._applied.problems:
            log.info("config_right_again", config=self._loaded.path)
            self._applied = replace(self._applied, problems=())

    def _apply(self, loaded: Loaded) -> None:
        before = self._loaded
        self._asked_at = time.monotonic()
        self._applied = applied(self._applied, _guarded(loaded))
        logs.configure(loaded.config.log, "supervisor")
        log.info("config_applied", config=loaded.path, changes=changes(before, loaded))
        if logins.credentials(loaded) != logins.credentials(before):
            self._logins = logins.Logins()
        self._former = left_by(self._former, before.config, loaded.config)
        self._pipeline.rebuild(self._pipeline_of(loaded))
        self._watcher.rebuild(watcher(loaded))
        self._status.rebuild(loaded)


def _guarded(loaded: Loaded) -> Loaded:
    """Where there is a secret, let nobody look into the memory of what is forked from here on."""
    config = loaded.config
    if config.source.user or config.status.token_file or config.status.key_file or config.target.url:
        hide_memory()
    return loaded
