"""Every page that XPU Manager 1.3 really produced: over HTTP, through the real program, to the real file."""

from __future__ import annotations

import gzip
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from support.daemon import Daemon, wait_until, xelinkd
from support.pages import DATA, PageServer, recorded, serving_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VECTORS: dict[str, dict[str, Any]] = {
    vector["name"]: vector
    for line in gzip.decompress((DATA / "conformance" / "go-labels.jsonl.gz").read_bytes()).splitlines()
    if "page_file" in (vector := msgspec.json.decode(line))
}


@pytest.fixture
def server() -> Iterator[PageServer]:
    """Give a source whose page a test changes."""
    with serving_page(b"") as made:
        yield made


@pytest.fixture
def node(tmp_path: Path, server: PageServer) -> Iterator[Daemon]:
    """Give a node where nothing runs yet."""
    made = Daemon(tmp_path, server.url)
    yield made
    made.close()


def rules(vector: dict[str, Any]) -> dict[str, object]:
    """Give the settings under which the Go sidecar made a vector's labels."""
    return {
        "namespace": vector["namespace"],
        "min_lanes": vector["min_lane_count"],
        "allow_subdeviceless": vector["allow_subdeviceless"],
    }


def test_there_are_vectors_for_the_recorded_pages() -> None:
    """The healthy pages are looked at in all the settings that the Go sidecar was run with."""
    assert len(VECTORS) == 20


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_labels_are_those_of_the_go_sidecar(node: Daemon, server: PageServer, vector: dict[str, Any]) -> None:
    """Whoever swaps the Go sidecar for xelinkd finds the same labels in the file."""
    server.body = gzip.decompress((DATA / vector["page_file"]).read_bytes())
    node.configure(labels=rules(vector))
    assert xelinkd("once", "--config", node.config).returncode == 0
    assert node.labels() == vector["labels"]


def test_one_daemon_through_all_pages(node: Daemon, server: PageServer) -> None:
    """A daemon whose source shows one machine after the other follows, and an error costs no label."""
    server.body = recorded("max1550-8x2-mesh")
    node.configure(labels=rules(VECTORS["max1550-8x2-mesh-4-True"]))
    node.start()
    for name in ("max1550-8x2-mesh", "max1550-4x2-mesh", "max1100-2x1-bridge", "max1550-1x2-nolink"):
        server.body, server.status = recorded(name), 200
        labels = VECTORS[f"{name}-4-True"]["labels"]
        wait_until(partial(has_labels, node, labels), f"the labels of {name}")
        for status, error in ((500, "error-500"), (200, "topo-error")):
            server.body, server.status = recorded(error), status
            pass_over(node, server)
            assert node.labels() == labels
    assert {event["reason"] for event in node.events("topology_unknown")} == {"http_status", "no_family"}


def has_labels(node: Daemon, labels: list[str]) -> bool:
    """Tell whether the feature file holds exactly these."""
    return node.labels() == labels


def pass_over(node: Daemon, server: PageServer) -> None:
    """Let the daemon fetch a page at least twice from its beginning to its end, without a write."""
    before, served = node.file.stat(), server.served
    wait_until(lambda: server.served >= served + 3, "three fetches")
    after = node.file.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
