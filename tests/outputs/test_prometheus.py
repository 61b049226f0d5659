"""The metrics for node_exporter's textfile collector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from prometheus_client.parser import text_string_to_metric_families
from support.any_machine import machines
from support.pages import recorded

from xelinkd.model.page import read_page
from xelinkd.outputs.format import PlainOptions, Snapshot
from xelinkd.outputs.prometheus import MARK, render
from xelinkd.simulator.page import render as page_of

if TYPE_CHECKING:
    from xelinkd.model.topology import Topology
    from xelinkd.simulator.machine import Machine

BRIDGE = """\
# Written by xelinkd: the GPUs of this node and their XeLinks.
# HELP xelink_gpus GPUs.
# TYPE xelink_gpus gauge
xelink_gpus 2
# HELP xelink_tiles Tiles of all GPUs together.
# TYPE xelink_tiles gauge
xelink_tiles 2
# HELP xelink_links XeLinks between tiles.
# TYPE xelink_links gauge
xelink_links 1
# HELP xelink_lanes Lanes of all XeLinks together.
# TYPE xelink_lanes gauge
xelink_lanes 8
# HELP xelink_complete Whether all pairs of tiles were shown.
# TYPE xelink_complete gauge
xelink_complete 1
# HELP xelink_gpu_info How Linux knows a GPU.
# TYPE xelink_gpu_info gauge
xelink_gpu_info{gpu="0",dev_file="card1",pci_bdf="0000:18:00.0"} 1
xelink_gpu_info{gpu="1",dev_file="card2",pci_bdf="0000:29:00.0"} 1
# HELP xelink_link_lanes Lanes of a XeLink; each link is there once.
# TYPE xelink_link_lanes gauge
xelink_link_lanes{gpu="0",tile="0.0",peer_gpu="1",peer_tile="1.0"} 8
"""


def rendered(topology: Topology, gap: str | None = None) -> str:
    """Give the text."""
    return render(Snapshot(topology, gap, ()), PlainOptions()).decode()


def samples(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Read the text as Prometheus does: for each metric the values by their labels' values."""
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(text)
    }


def test_text_of_a_real_machine() -> None:
    """What node_exporter reads of two bridged GPUs, word for word."""
    assert rendered(read_page(recorded("max1100-2x1-bridge")).topology) == BRIDGE


@pytest.mark.parametrize(
    ("page", "links", "lanes"), [("max1550-8x2-mesh", 56, 448), ("max1550-4x2-mesh", 12, 192)]
)
def test_sums_of_real_machines(page: str, links: int, lanes: int) -> None:
    """The sums are those of the links."""
    told = samples(rendered(read_page(recorded(page)).topology))
    assert (told["xelink_links"], told["xelink_lanes"]) == ({(): links}, {(): lanes})
    assert (len(told["xelink_link_lanes"]), sum(told["xelink_link_lanes"].values())) == (links, lanes)


@given(machines())
def test_all_links_come_through(machine: Machine) -> None:
    """Whatever the machine, a reader of the format finds each link once, with its lanes, and each GPU."""
    topology = read_page(page_of(machine)).topology
    told = samples(rendered(topology, "no row"))
    assert told["xelink_link_lanes"] == {
        (str(a.device), str(a), str(b.device), str(b)): lanes
        for (a, b), lanes in topology.lanes_by_link().items()
    }
    assert told["xelink_gpu_info"].keys() == {
        (str(card.device), card.dev_file, card.pci_bdf) for card in topology.cards
    }
    assert told["xelink_complete"] == {(): 0}


def test_mark_is_a_comment() -> None:
    """The line that tells whose file it is means nothing to a reader."""
    assert samples(MARK.decode()) == {}
