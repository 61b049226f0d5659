"""The unit of the status process, which comes and goes with the configuration."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from xelinkd.config.schema import files_of_the_status
from xelinkd.confinement import promises
from xelinkd.deferred import load_status_leanly
from xelinkd.supervisor.processes import Job
from xelinkd.supervisor.unit import Build, Unit, build_of
from xelinkd.workers.lifeline import OUTDATED, PROGRESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xelinkd.config.load import Loaded
    from xelinkd.workers.boards import Boards
    from xelinkd.workers.lifeline import Lifeline

_MODULE: Final = "xelinkd.workers.status"
OF_THE_STATUS: Final = frozenset({PROGRESS, OUTDATED})


class StatusUnits:
    """The unit that serves the status, if one shall, and those that are leaving."""

    def __init__(self, boards: Boards, loaded: Loaded) -> None:
        """Serve what is on the boards."""
        self._boards = boards
        self._unit: Unit | None = None
        self._leaving: list[Unit] = []
        self._stopped = False
        self.rebuild(loaded)

    def load(self) -> None:
        """Import what it takes to serve, before the first fork of all: more pages stay shared then."""
        if self._unit:
            with suppress(ImportError, OSError):  # the unit, which needs it, will try again and tell
                _load()

    def units(self) -> tuple[Unit, ...]:
        """Give all that are not gone."""
        self._leaving = [unit for unit in self._leaving if not unit.is_gone]
        return (*([self._unit] if self._unit else []), *self._leaving)

    def rebuild(self, loaded: Loaded) -> None:
        """Serve as configured."""
        if not loaded.config.status.listen:
            self._leave()
        elif self._unit:
            self._unit.rebuild(status(loaded, self._boards))
        elif not self._stopped:
            self._unit = Unit("status", status(loaded, self._boards))

    def stop(self) -> None:
        """End, for good."""
        self._stopped = True
        self._leave()

    def _leave(self) -> None:
        if self._unit:
            self._unit.stop()
            self._leaving.append(self._unit)
            self._unit = None


def _load() -> None:
    """Import what it takes to serve: before the fork, as HTTP, metrics and pages are much to import."""
    if _MODULE not in sys.modules:
        load_status_leanly()
        import_module(_MODULE)
        gc.freeze()  # as at the start: see `cli.main`


def status(loaded: Loaded, boards: Boards) -> Build:
    """Serve what is on the boards, as configured."""
    config = loaded.config

    def serve(lifeline: Lifeline) -> None:
        import_module(_MODULE).serve_status(config.status, lifeline, boards)

    def jobs() -> Sequence[Job]:
        _load()
        return (
            Job(
                "status",
                serve,
                (),
                OF_THE_STATUS,
                may_be_killed=True,
                promise=partial(promises.of_the_status, config),
                shared=boards.of_the_status(),
            ),
        )

    fingerprints = [loaded.fingerprints[file] for file in files_of_the_status(config)]
    return build_of(config, (config.status, config.supervision, config.log, fingerprints), jobs)
