"""What the supervisor tells of itself: its units, their workers and what ended them, the configuration."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from msgspec import Struct

from xelinkd import __version__, clocks
from xelinkd.config.keys import in_force
from xelinkd.config.toml_text import toml_value
from xelinkd.confinement.confine import lacking
from xelinkd.confinement.landlock import available_abi
from xelinkd.model.printable import printable
from xelinkd.state.told import Configuration, Process, Setting, Supervision, Timing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xelinkd.config.load import Loaded
    from xelinkd.config.problems import ConfigError
    from xelinkd.supervisor.unit import Unit
    from xelinkd.workers.boards import Boards


class Applied(Struct, frozen=True):
    """The configuration in force, how many came before it, and what is wrong with the file since."""

    loaded: Loaded
    at: float
    reloads: int = 0
    refusals: int = 0
    problems: tuple[str, ...] = ()


def applied(before: Applied, loaded: Loaded) -> Applied:
    """Take in that another configuration is in force."""
    return Applied(loaded, clocks.now().boot, before.reloads + 1, before.refusals)


def refused(before: Applied, error: ConfigError) -> Applied:
    """Take in that the file cannot be used; what is in force stays so. The same again is no other refusal."""
    problems = tuple(printable(str(problem)) for problem in error.problems)
    if problems == before.problems:
        return before
    return Applied(before.loaded, before.at, before.reloads, before.refusals + 1, problems)


class NoticeBoard:
    """Shows what the supervisor tells, and only writes when that is something new."""

    def __init__(self, boards: Boards) -> None:
        """Begin to run."""
        self._boards = boards
        self._started = clocks.now().boot
        self._abi = available_abi()
        self._told: object = None

    def turn(self, units: Sequence[Unit], configuration: Applied) -> None:
        """Tell that the supervisor is awake, and how things stand."""
        self._boards.pulse.show(clocks.now().boot)
        signs = (configuration, *(unit.sign for unit in units))
        if signs != self._told:
            self._told = signs
            self._boards.supervision.show(self._supervision(units, configuration))

    def _supervision(self, units: Sequence[Unit], configuration: Applied) -> Supervision:
        config = configuration.loaded.config
        return Supervision(
            version=__version__,
            started_at=self._started,
            processes=(self._itself(), *(process for unit in units for process in unit.processes())),
            units=tuple(unit.state() for unit in units),
            ended=tuple(ended for unit in units for ended in unit.ended()),
            configuration=_configuration(configuration),
            timing=Timing(
                interval=float(config.source.interval),
                deadline=float(config.source.deadline),
                lease=float(config.target.lease),
                heartbeat_deadline=float(config.supervision.heartbeat_deadline),
                restart_delay_max=float(config.supervision.restart_delay_max),
            ),
            sink=config.sink.kind,
            place=config.target.place,
            source=config.source.name,
            landlock_abi=self._abi,
            lacking=tuple(lacking(self._abi)),
        )

    def _itself(self) -> Process:
        return Process("supervisor", os.getpid(), self._started)


def _configuration(configuration: Applied) -> Configuration:
    loaded = configuration.loaded
    settings = tuple(
        Setting(key, toml_value(value), loaded.origins[key]) for key, value in in_force(loaded.config).items()
    )
    return Configuration(
        path=printable(str(loaded.path)),  # its bytes need not be UTF-8
        digest=_digest(settings),
        settings=settings,
        applied_at=configuration.at,
        reloads=configuration.reloads,
        refusals=configuration.refusals,
        problems=configuration.problems,
    )


def _digest(settings: Iterable[Setting]) -> str:
    """Tell configurations apart by what they ask for, wherever each value came from."""
    text = "".join(f"{setting.key} = {setting.value}\n" for setting in settings)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
