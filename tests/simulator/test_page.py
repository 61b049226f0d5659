"""The page, held against pages that the real exporter wrote."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from xelinkd.simulator.machine import PRESETS, Machine, Pod, mesh, pairs, parse_machine
from xelinkd.simulator.page import render

RECORDED_DIR = Path(__file__).parents[1] / "data" / "xpum-1.3"

# The recorded nodes: their lane counts are not those of the platform table, and all of them name a Max 1550.
RECORDED = [
    ("max1100-2x1-bridge", mesh(2, 1, lanes=8), True),
    ("max1550-1x2-nolink", mesh(1, 2), True),
    ("max1550-4x2-mesh", mesh(4, 2, lanes=16), True),
    ("max1550-8x2-mesh", mesh(8, 2, lanes=8), True),
    ("topo-error", mesh(4, 2, lanes=16), False),
]
ENDS = ("local_device", "local_subdevice", "remote_device", "remote_subdevice")
as_recorded = pytest.mark.parametrize(("name", "machine", "topology"), RECORDED)


def recorded(name: str) -> list[str]:
    """Give the lines of a recorded page."""
    return gzip.decompress((RECORDED_DIR / f"{name}.prom.gz").read_bytes()).decode().split("\n")


def simulated(machine: Machine, *, topology: bool = True) -> list[str]:
    """Give the lines of a simulated page of the recorded node."""
    return render(replace(machine, node="pvc-node-1"), topology=topology).decode().split("\n")


def series(lines: list[str]) -> list[str]:
    """Give the samples without their values."""
    return [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]


def topology_lines(lines: list[str]) -> list[str]:
    """Give the samples that count for labels."""
    return [line for line in lines if line.startswith("xpum_topology_link{")]


@as_recorded
def test_same_series_as_the_real_exporter(name: str, machine: Machine, *, topology: bool) -> None:
    """A simulated page has exactly the metrics and labels of the real one, in the same order."""
    assert series(simulated(machine, topology=topology)) == series(recorded(name))


@as_recorded
def test_same_topology_as_the_real_exporter(name: str, machine: Machine, *, topology: bool) -> None:
    """The lines that count for labels are byte for byte those of the real exporter."""
    assert topology_lines(simulated(machine, topology=topology)) == topology_lines(recorded(name))


@as_recorded
def test_same_comments_as_the_real_exporter(name: str, machine: Machine, *, topology: bool) -> None:
    """A simulated page announces the metrics of the real one, with the same types, in the same order."""

    def announced(lines: list[str]) -> list[list[str]]:
        words = [line.split(" ") for line in lines if line.startswith("#")]
        return [[*line[1:3], *(line[3:] if line[1] == "TYPE" else [])] for line in words]

    assert announced(simulated(machine, topology=topology)) == announced(recorded(name))


@pytest.mark.parametrize("machine", PRESETS.values(), ids=PRESETS)
def test_form_of_the_page(machine: Machine) -> None:
    """Comments come first, samples are sorted as text, and the last line does not end."""
    lines = render(machine).decode().split("\n")
    first = next(at for at, line in enumerate(lines) if not line.startswith("#"))
    assert all(line.startswith("# ") for line in lines[:first])
    assert lines[first:] == sorted(lines[first:])
    assert lines[-1].startswith("xpum_")


@given(
    gpus=st.integers(1, 3),
    tiles=st.integers(1, 2),
    node=st.none() | st.text(st.characters(codec="utf-8"), max_size=8),
)
def test_prometheus_reads_the_same_topology(gpus: int, tiles: int, node: str | None) -> None:
    """Prometheus' own parser finds in any page the topology of the machine, and the node's name unharmed."""
    machine = replace(mesh(gpus, tiles), node=node)
    samples = [
        sample
        for family in text_string_to_metric_families(render(machine).decode())
        for sample in family.samples
        if sample.name == "xpum_topology_link"
    ]
    seen = {
        (
            *(sample.labels[f"{end}_id"] for end in ENDS),
            sample.value,
            sample.labels["lane_count"],
            sample.labels.get("node"),
        )
        for sample in samples
    }
    told = {
        (*map(str, (*local, *remote)), kind, str(lanes), node)
        for local, remote, kind, lanes in pairs(machine)
    }
    assert len(samples) == len(seen)
    assert seen == told


def test_an_unnamed_node_has_no_label() -> None:
    """Where XPU Manager does not know its node's name, no line has a node label."""
    assert b'node="' not in render(parse_machine("2x2"))


def test_a_pod_that_holds_a_gpu() -> None:
    """A pod shows on every line of the GPU that it holds, and on no other."""
    machine = replace(mesh(2, 2), pods=(Pod(1, "train-0", "science", "worker"),))
    for line in series(render(machine).decode().split("\n")):
        kube = [label for label in line.split(",") if label.startswith("kube_")]
        of_gpu_1 = 'dev_file="card2",dev_name=' in line.partition("dst_")[0]
        expected = ['kube_container="worker"', 'kube_namespace="science"', 'kube_pod="train-0"']
        assert kube == (expected if of_gpu_1 else [])


def test_a_lost_link_on_the_page() -> None:
    """A link that goes down changes its two topology lines and takes its traffic off the page."""
    machine = mesh(8, 2)
    before = set(render(machine).split(b"\n"))
    after = set(render(machine.with_link("0.0-3.0", up=False)).split(b"\n"))
    assert sorted(line.partition(b"{")[0] for line in after - before) == [b"xpum_topology_link"] * 2
    assert all(b'lane_count="0"' in line and line.endswith(b"} 2.0") for line in after - before)
    gone = sorted(line.partition(b"{")[0].decode() for line in before - after)
    assert gone == sorted(
        [
            "xpum_fabric_tx_bytes_created",
            "xpum_fabric_tx_bytes_total",
            "xpum_topology_link",
            "xpum_xelink_throughput",
        ]
        * 2,
    )


def test_gpus_have_addresses_of_their_own() -> None:
    """On the largest machine, no two GPUs share an address or an id."""
    own = {
        label
        for line in render(mesh(16, 1)).decode().split("\n")
        for label in line.split(",")
        if line.startswith("xpum_power_watts") and label.startswith(("pci_bdf=", "uuid="))
    }
    assert len(own) == 2 * 16
