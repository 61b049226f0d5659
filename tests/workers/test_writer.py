"""A writer that gets observations faster than it takes them in."""

from __future__ import annotations

from contextlib import suppress
from multiprocessing import Pipe
from threading import Thread
from typing import TYPE_CHECKING

from support.daemon import PATIENCE, wait_until
from support.keeping import new_sink

from xelinkd import clocks
from xelinkd.config.duration import Duration
from xelinkd.config.schema import Config
from xelinkd.config.sources import Source
from xelinkd.model.observation import Known, encode
from xelinkd.model.topology import Tile, Topology
from xelinkd.workers.account import Account
from xelinkd.workers.boards import Boards
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.lifeline import Lifeline, Released
from xelinkd.workers.memory import Memory
from xelinkd.workers.outputs import Outputs
from xelinkd.workers.writer import Desk

if TYPE_CHECKING:
    from pathlib import Path

ONE = Topology((Tile(0, 0),), ())
OTHER = Topology((Tile(0, 0), Tile(1, 0)), ())


def test_lease_ends_while_an_observation_waits(tmp_path: Path) -> None:
    """Whoever sends other links too fast, with days to go until these are taken in, prolongs no lease."""
    sink = new_sink(tmp_path)
    control, ours = Pipe()
    sending, receiving = Pipe()
    config, boards = Config(source=Source(interval=Duration.parse("7d"))), Boards()
    desk = Desk(
        Keeper(sink, 1.0, clocks.now, Memory()),
        Outputs(config),
        Account(boards.keeping, boards.history),
        Lifeline(ours, PATIENCE, lambda: False),
        receiving,
        config,
    )

    def work() -> None:
        with suppress(Released):
            desk.keep_labels(lambda: True)

    writer = Thread(target=work)
    writer.start()
    sending.send_bytes(encode(Known(ONE, clocks.now().boot)))
    wait_until(sink.path.exists, "labels")
    sending.send_bytes(encode(Known(OTHER, clocks.now().boot)))
    wait_until(lambda: not sink.path.exists(), "the end of the lease")
    control.close()
    writer.join(PATIENCE)
    assert not writer.is_alive()
    for end in (ours, sending, receiving):
        end.close()
