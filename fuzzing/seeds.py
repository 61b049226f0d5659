"""Inputs to begin with, from what the tests know already."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
_DATA: Final = ROOT / "tests" / "data"


def vectors() -> list[bytes]:
    """Give the pages of which the Go program's labels are known."""
    lines = gzip.decompress((_DATA / "conformance" / "go-labels.jsonl.gz").read_bytes()).splitlines()
    return [record["page"].encode() for record in map(json.loads, lines) if "page" in record]


def recorded() -> list[bytes]:
    """Give XPU Manager's pages, cut down to the topology and a few lines on each side of it."""
    return [_around(gzip.decompress(path.read_bytes())) for path in sorted(_DATA.glob("xpum-1.3/*.gz"))]


def _around(page: bytes) -> bytes:
    lines = page.split(b"\n")
    at = next((n for n, line in enumerate(lines) if b"xpum_topology_link" in line), 2)
    return b"\n".join(lines[at - 2 : at + 6])
