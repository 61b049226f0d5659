"""`xelinkd show --source KIND --compare`."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.daemon import toml, xelinkd
from support.pages import recorded
from support.prepared import LIMIT

from standins.level_zero import Node
from xelinkd.cli.exit_status import Status
from xelinkd.simulator.machine import parse_machine

if TYPE_CHECKING:
    from pathlib import Path

    from xelinkd.simulator.server import Simulator


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """Give a node with the same machine as the XPU Manager beside it."""
    return Node(tmp_path / "level-zero", parse_machine("3x2"))


@pytest.fixture
def config(tmp_path: Path, xpum: Simulator) -> Path:
    """Give a configuration that asks that XPU Manager."""
    path = tmp_path / "xelinkd.toml"
    path.write_text(toml({"source": {"url": xpum.url}}))
    return path


def show(node: Node, config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `xelinkd show` where the library is found."""
    command = [sys.executable, "-m", "xelinkd", "show", "--config", str(config), *arguments]
    env = {**os.environ, **node.env}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=LIMIT, check=False)


def test_a_kind_can_be_shown_that_is_not_configured(node: Node, config: Path, xpum: Simulator) -> None:
    """Before the source is changed, its labels can be seen."""
    found = show(node, config, "--source", "level-zero", "--format", "labels")
    assert found.stdout == show(node, config, "--format", "labels").stdout != ""
    assert xpum.scrapes == 1


def test_sources_that_say_the_same(node: Node, config: Path) -> None:
    """Who may change the source reads it in one sentence, and a script by the exit status."""
    done = show(node, config, "--source", "level-zero", "--compare")
    assert done.returncode == Status.OK, done.stderr
    assert done.stdout.splitlines() == [
        "level-zero  3 GPUs, 6 tiles, 6 links",
        "metrics     3 GPUs, 6 tiles, 6 links",
        "",
        "The same tiles and links, in the same order: the labels are the same.",
    ]


def test_sources_that_differ(node: Node, config: Path, xpum: Simulator) -> None:
    """What is different is told link by link, and whether that changes the labels."""
    xpum.set_link("0.0-1.0", up=False)
    done = show(node, config, "--source=level-zero", "--compare")
    assert done.returncode == Status.DIFFERENT
    assert "0.0-1.0: 4 lanes by level-zero, no link by metrics\n" in done.stdout
    assert done.stdout.endswith("The labels differ.\n")
    many = show(node, config, "--source=level-zero", "--compare", "metrics", "-lane-count", "9")
    assert many.stdout.endswith("The labels are the same all the same.\n")


def test_a_source_that_does_not_answer(node: Node, config: Path) -> None:
    """Nothing is compared with what is not known."""
    node.tell(node.machine, "zesInit crash")
    done = show(node, config, "--source", "level-zero", "--compare")
    assert (done.returncode, done.stdout) == (Status.UNKNOWN, "")
    assert "topology of level-zero unknown (driver_crashed)" in done.stderr


def test_saved_pages_are_compared_too(tmp_path: Path) -> None:
    """A page of yesterday beside one of today: any two sources can be named."""
    for name in ("max1550-8x2-mesh", "max1550-4x2-mesh"):
        (tmp_path / name).write_bytes(recorded(name))
    one, other = str(tmp_path / "max1550-8x2-mesh"), str(tmp_path / "max1550-4x2-mesh")
    done = xelinkd("show", one, "--compare", other)
    assert done.returncode == Status.DIFFERENT
    assert f"only {one} has tiles 4.0, 4.1" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--compare",), "metrics would be compared with itself"),
        (("page.prom", "--source", "metrics"), "name no SOURCE with it"),
        (("--source", "rest", "--compare", "--format", "json"), "no --format with it"),
        (("--source", "mertics"), "invalid choice"),
    ],
)
def test_mistakes_are_refused(arguments: tuple[str, ...], told: str) -> None:
    """What makes no sense is told before anybody is asked."""
    done = xelinkd("show", *arguments)
    assert done.returncode == Status.USAGE
    assert told in done.stderr
