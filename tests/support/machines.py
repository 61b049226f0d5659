"""States of a daemon that watches a simulated machine, for tests of what is made from them."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from support.states import GOOD, KEEPING, changed, replace

from xelinkd.config.schema import Labels
from xelinkd.model.labels import label_lines
from xelinkd.model.page import read_page
from xelinkd.model.topology import Topology
from xelinkd.model.unknown import Reason
from xelinkd.simulator.machine import Link, mesh
from xelinkd.simulator.page import render
from xelinkd.state.history import NO_HISTORY, History, seen
from xelinkd.state.told import Ignorance

if TYPE_CHECKING:
    from xelinkd.simulator.machine import Machine
    from xelinkd.state.told import State

FIRST_SEEN: Final = 9_000.0  # seconds of boot time
LOST_AT: Final = 9_400.0  # 07:50:00 of the day that GOOD has
IGNORANCE: Final = Ignorance(Reason.REFUSED, "nothing listens on 127.0.0.1:29999", 9_700.0)


def shown_by(machine: Machine) -> Topology:
    """Give the topology that a machine's page shows."""
    return read_page(render(machine)).topology


def watched(machine: Machine, *lost: str) -> State:
    """Give a good state, with labels, of a machine that lost some links."""
    history = seen(NO_HISTORY, shown_by(machine), FIRST_SEEN)
    for name in lost:
        machine = machine.with_link(name, up=False)
    return told_by(seen(history, shown_by(machine), LOST_AT))


def without_gpu(machine: Machine, device: int) -> State:
    """Give the state of a machine whose page leaves out a GPU from some time on."""
    whole = shown_by(machine)
    tiles = tuple(tile for tile in whole.tiles if tile.device != device)
    left = tuple(link for link in whole.sightings if device not in {link.local.device, link.remote.device})
    return told_by(seen(seen(NO_HISTORY, whole, FIRST_SEEN), Topology(tiles, left), LOST_AT))


def told_by(history: History) -> State:
    """Give a good state with this history, and the labels that follow from it."""
    lines = label_lines(history.topology, Labels()) if history.topology else ()
    return replace(GOOD, history=history, keeping=changed(KEEPING, lines=lines))


def unknown_now(state: State) -> State:
    """Give the state after the source has failed for five minutes."""
    return replace(state, keeping=changed(state.keeping, known_at=9_690.0, ignorance=IGNORANCE))


def never_known() -> State:
    """Give the state of a daemon that never had an answer."""
    keeping = changed(KEEPING, known_at=None, lines=(), end=None, ignorance=IGNORANCE)
    return replace(GOOD, history=NO_HISTORY, keeping=keeping)


def full_mesh(gpus: int, tiles: int, lanes: int = 4) -> Machine:
    """Give a machine in which each tile is linked with each of all other GPUs."""
    machine = mesh(gpus, tiles, lanes)
    pairs = combinations(machine.tiles, 2)
    links = frozenset(Link(low, high) for low, high in pairs if low.device != high.device)
    return replace(machine, links=links)
