"""Labels held against those that Intel's Go sidecar makes of the same pages, and recorded pages judged."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.pages import rows_of

from xelinkd.config.schema import Labels
from xelinkd.model.labels import label_lines
from xelinkd.model.page import read_page
from xelinkd.model.topology import lane_disagreements, topology_of
from xelinkd.model.unknown import Reason, UnknownPageError

_DATA = Path(__file__).parents[1] / "data"
_VECTORS = [
    msgspec.json.decode(line)
    for line in gzip.decompress((_DATA / "conformance" / "go-labels.jsonl.gz").read_bytes()).splitlines()
]

# Each healthy recorded page: its tiles, and its links with their lanes.
_RECORDED = {
    "max1100-2x1-bridge": (2, 1, {8}),
    "max1550-1x2-nolink": (2, 0, set()),
    "max1550-4x2-mesh": (8, 12, {16}),
    "max1550-8x2-mesh": (16, 56, {8}),
}


def _recorded(name: str) -> bytes:
    return gzip.decompress((_DATA / "xpum-1.3" / f"{name}.prom.gz").read_bytes())


def _page(vector: dict[str, Any]) -> bytes:
    if "page_file" in vector:
        return gzip.decompress((_DATA / vector["page_file"]).read_bytes())
    page: str = vector["page"]
    return page.encode()


def test_the_vectors_are_all_there() -> None:
    """A conformance run that passes has looked at all 220 pages."""
    assert len(_VECTORS) == 220


@pytest.mark.parametrize("vector", _VECTORS, ids=[vector["name"] for vector in _VECTORS])
def test_labels_are_those_of_the_go_program(vector: dict[str, Any]) -> None:
    """Whoever swaps the Go sidecar for xelinkd keeps every label, byte for byte."""
    rules = Labels(
        namespace=vector["namespace"],
        min_lanes=vector["min_lane_count"],
        allow_subdeviceless=vector["allow_subdeviceless"],
    )
    assert list(label_lines(topology_of(rows_of(_page(vector))), rules)) == vector["labels"]


@pytest.mark.parametrize("name", _RECORDED)
def test_a_recorded_page_is_believed_at_once(name: str) -> None:
    """A page as XPU Manager 1.3 really writes it needs no second look, and shows the machine as it is."""
    page = read_page(_recorded(name))
    tiles, links, lanes = _RECORDED[name]
    assert page.gap is None
    assert lane_disagreements(page.topology) == ()
    assert len(page.topology.tiles) == tiles
    assert len(page.topology.lanes_by_link()) == links
    assert set(page.topology.lanes_by_link().values()) == lanes


@pytest.mark.parametrize(
    ("name", "reason"), [("topo-error", Reason.NO_FAMILY), ("error-500", Reason.NOT_EXPOSITION)]
)
def test_a_recorded_failure_is_unknown(name: str, reason: Reason) -> None:
    """What XPU Manager sends when it cannot read the topology never counts as "no links"."""
    with pytest.raises(UnknownPageError) as caught:
        read_page(_recorded(name))
    assert caught.value.reason is reason
