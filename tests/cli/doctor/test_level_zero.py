"""What `xelinkd doctor` says of Level Zero: each thing that is missing has its own advice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.daemon import toml
from support.prepared import LIMIT

from standins.level_zero import Node, state_of
from xelinkd.cli.doctor import page
from xelinkd.model.unknown import Reason
from xelinkd.simulator.machine import parse_machine
from xelinkd.sources.level_zero.source import LIBRARY

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = {"url": "http://127.0.0.1:1/metrics", "rest_url": "https://127.0.0.1:1/rest/v1/topology/xelink"}


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """Give a node whose GPUs are linked."""
    return Node(tmp_path / "level-zero", parse_machine("3x2"))


def steps(node: Node, kind: str) -> dict[str, dict[str, str]]:
    """Let the doctor walk; give what it finds, by step."""
    config = node.folder / "xelinkd.toml"
    file = {"path": str(node.folder / "features.d" / "file.txt")}
    source = {"kind": kind, **NOBODY}
    config.write_text(toml({"source": source, "feature_file": file, "status": {"listen": ""}}))
    command = [sys.executable, "-m", "xelinkd", "doctor", "--config", str(config), "--format", "json"]
    env = {**os.environ, **node.env}
    done = subprocess.run(command, env=env, capture_output=True, timeout=LIMIT, check=False)
    return {step["step"]: step for step in json.loads(done.stdout)["steps"]}


def test_nobody_looks_for_a_way_that_is_not_used(node: Node) -> None:
    """Without XPU Manager there is no name, no port and no page; the topology is the GPUs' own."""
    found = steps(node, "level-zero")
    assert {found[step]["outcome"] for step in ("name", "connection", "tls", *page.STEPS)} == {"well"}
    assert found["connection"]["found"] == "not used: source.kind is level-zero"
    assert found["answer"]["found"] == f"Level Zero ({LIBRARY}) showed the ports"
    assert found["topology"]["found"] == "3 GPUs, 6 tiles, 6 links, complete"


def test_auto_notes_what_it_did_without(node: Node) -> None:
    """Where Level Zero stands in for XPU Manager nothing is broken, and what does not answer is named."""
    found = steps(node, "auto")
    assert {found[step]["outcome"] for step in ("connection", "answer")} == {"note"}
    assert "refused: https://127.0.0.1:1/" in found["answer"]["found"]
    assert found["labels"]["outcome"] == "well"


def test_what_is_missing_is_told_with_its_advice(node: Node) -> None:
    """A missing port, a missing library, a faulty driver: what to do is another thing each time."""
    node.write([line for line in state_of(node.machine) if not line.startswith("port")])
    assert "libnl-genl-3" in steps(node, "level-zero")["answer"]["advice"]
    node.tell(node.machine, "zesInit crash")
    assert "the kernel's log" in steps(node, "level-zero")["answer"]["advice"]
    node.library.unlink()
    (node.library).write_text("no library")
    found = steps(node, "level-zero")
    assert (found["answer"]["outcome"], found["topology"]["outcome"]) == ("broken", "not_looked_at")
    assert "1.10 or newer" in found["answer"]["advice"]


def test_each_reason_has_an_advice_of_its_own() -> None:
    """No two of these reasons send people to the same place."""
    reasons = (Reason.NO_LIBRARY, Reason.NO_GPU, Reason.NO_RIGHTS, Reason.NETWORK_NAMESPACE, Reason.NO_PORTS)
    advice = page.LEVEL_ZERO_ADVICE
    assert len({advice[reason] for reason in reasons}) == len(reasons)
