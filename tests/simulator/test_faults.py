"""What XPU Manager answers in trouble."""

import gzip
from pathlib import Path

import pytest

from xelinkd.simulator.faults import Mode, health, metrics, parse_mode
from xelinkd.simulator.machine import mesh

MACHINE = mesh(2, 2)
RECORDED = Path(__file__).parents[1] / "data" / "xpum-1.3" / "error-500.prom.gz"


@pytest.mark.parametrize(
    ("mode", "body"),
    [
        (Mode.ERROR_500, b"#nodata: due to unexpected failure"),
        (Mode.NO_DEVICES, b"#nodata: failed to get devices (1)"),
    ],
)
def test_failures_with_a_status(mode: Mode, body: bytes) -> None:
    """A failed scrape has the status and the words of the real exporter."""
    assert metrics(MACHINE, mode)[:2] == (500, body)


def test_the_recorded_failure() -> None:
    """When the devices cannot be listed, the body is byte for byte that of the real exporter."""
    assert metrics(MACHINE, Mode.NO_DEVICES).body == gzip.decompress(RECORDED.read_bytes())


def test_the_failure_without_a_status() -> None:
    """When only the topology call fails, the page is whole but for that metric, and says nothing of it."""
    status, body, _ = metrics(MACHINE, Mode.NO_TOPOLOGY)
    kept = [line for line in metrics(MACHINE, Mode.OK).body.split(b"\n") if b"xpum_topology_link" not in line]
    assert (status, body.split(b"\n")) == (200, kept)


@pytest.mark.parametrize("mode", Mode)
def test_health(mode: Mode) -> None:
    """The health probe notices missing devices and nothing else, as the real one."""
    expected = (500, b"failed to get devices (1)") if mode is Mode.NO_DEVICES else (200, b"healthy")
    assert health(mode)[:2] == expected


def test_an_unknown_mode_is_refused() -> None:
    """Whoever asks for a mode that does not exist reads which ones do."""
    with pytest.raises(
        ValueError, match="unknown mode 'bad': choose one of ok, error-500, no-topology, no-devices"
    ):
        parse_mode("bad")
