"""What a fault is tried on: the real daemon in a temporary folder, and a source that does as it is told."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from support.daemon import Daemon, wait_until

from faults.watch import labels_in, labels_in_object
from faults.wire import Source
from xelinkd.config.schema import Labels as LabelRules
from xelinkd.model.labels import label_lines
from xelinkd.model.page import read_page
from xelinkd.simulator.machine import Machine, parse_machine
from xelinkd.simulator.page import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults.record import Labels
    from standins.api_server import ApiServer

BEFORE: Final = parse_machine("8x-max1550")
AFTER: Final = BEFORE.with_link("0.0-1.0", up=False)
INTERVAL: Final = 0.3  # seconds
DEADLINE: Final = 1.0
DYING_WITH_US: Final = ("setpriv", "--pdeathsig", "KILL", "--")
"""What a daemon is started by, so that it ends however this program does."""


@dataclass(slots=True)
class Rig:
    """A daemon (not started yet, or running) and the source that it asks.

    Its labels are in a feature file, or in the object of a cluster, if there is one. `undo` takes down, once
    the daemon has ended, what was set up for it.
    """

    daemon: Daemon
    source: Source
    undo: ExitStack
    cluster: ApiServer | None = None

    @property
    def folder(self) -> Path:
        """A folder for whatever a fault needs."""
        return self.daemon.folder

    def labels(self) -> Labels:
        """Give what the feature file says, or the object."""
        return labels_in_object(self.cluster) if self.cluster else labels_in(self.daemon.file)

    def wait_for_labels(self, labels: Labels, patience: float) -> None:
        """Wait until they are there; AssertionError if they do not come."""
        wait_until(lambda: self.labels() == labels, "the labels", patience)

    def requests(self) -> tuple[float, ...]:
        """Give when the API server was asked."""
        return tuple(asked.at for asked in self.cluster.asked) if self.cluster else ()

    def failures(self) -> int:
        """Give how many requests to the API server failed, as the daemon tells: it alone knows of all."""
        if not self.cluster:
            return 0
        _, metrics = self.daemon.ask("/metrics")
        return int(float(metrics.partition("\nxelinkd_sink_errors_total ")[2].partition("\n")[0]))


@contextmanager
def standing() -> Iterator[Rig]:
    """Set a rig up while the block lasts; the daemon is not started."""
    with tempfile.TemporaryDirectory(prefix="xelinkd-faults-") as folder, ExitStack() as undo:
        source = Source(BEFORE)
        daemon = Daemon(
            Path(folder), source.url(), prefix=[*DYING_WITH_US]
        ).serve_status()  # as it is shipped
        daemon.configure(source={"interval": _milliseconds(INTERVAL), "deadline": _milliseconds(DEADLINE)})
        try:
            yield Rig(daemon, source, undo)
        finally:
            daemon.close()
            source.close()


def true_labels(machine: Machine) -> Labels:
    """Give the labels that a machine should have."""
    return label_lines(read_page(render(machine)).topology, LabelRules())


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f}ms"
