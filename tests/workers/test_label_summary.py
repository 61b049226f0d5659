"""The summary in a running xelinkd: it comes, follows the links, and goes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.daemon import wait_until, xelinkd

if TYPE_CHECKING:
    from support.daemon import Daemon

    from xelinkd.simulator.server import Simulator

LINKS = "gpu.intel.com/xe-links=0.0-1.0_0.0-2.0_0.1-1.1_0.1-2.1_1.0-2.0_1.1-2.1"


def _summary(daemon: Daemon) -> list[str]:
    return [line.removeprefix("gpu.intel.com/xelink-") for line in daemon.labels() if "/xelink-" in line]


def test_it_comes_and_goes_with_the_option(daemon: Daemon) -> None:
    """Turned on and off in the configuration, it applies at once; the links' own label never changes."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    assert daemon.labels() == [LINKS]
    daemon.configure(labels={"summary": True})
    wait_until(lambda: _summary(daemon), "a summary")
    assert daemon.labels()[0] == LINKS
    assert _summary(daemon)[0] == "count=6"
    assert _summary(daemon)[2:] == ["largest-group=3", "all-linked=true"]
    daemon.configure(labels={"summary": False})
    wait_until(lambda: not _summary(daemon), "no summary")
    assert daemon.labels() == [LINKS]
    daemon.wait_for("labels_changed", times=3)
    first, second, third = daemon.events("labels_changed")
    assert "summary" not in first
    assert "xelink-count=6" in second["summary"]
    assert third["summary"] == []


def test_it_follows_the_links_and_outlives_a_restart(daemon: Daemon, xpum: Simulator) -> None:
    """A lost link shows in it; the next run adopts it with the links."""
    daemon.configure(labels={"summary": True})
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    for link in ("0.0-1.0", "0.1-1.1"):
        xpum.set_link(link, up=False)
    wait_until(lambda: "largest-group=2" in _summary(daemon), "a smaller group")
    assert "all-linked=false" in _summary(daemon)
    before = daemon.labels()
    daemon.stop()
    assert daemon.labels() == before
    daemon.start()
    assert daemon.wait_for("labels_adopted")["links"] == 4
    assert daemon.labels() == before


@pytest.mark.parametrize("verb", ["once", "show"])
def test_the_flag(daemon: Daemon, verb: str) -> None:
    """`--label-summary` asks for it whatever the file says."""
    form = ("--format", "labels") if verb == "show" else ()
    done = xelinkd(verb, "--config", str(daemon.config), "--label-summary", *form)
    assert done.returncode == 0
    lines = done.stdout.splitlines() if verb == "show" else daemon.labels()
    assert lines[0] == LINKS
    assert [line.partition("=")[0] for line in lines[1:]] == [
        f"gpu.intel.com/xelink-{name}" for name in ("count", "min-lanes", "largest-group", "all-linked")
    ]


def test_clear_removes_it(daemon: Daemon) -> None:
    """`xelinkd clear` knows the summary as ours, and counts links, not labels."""
    assert xelinkd("once", "--config", str(daemon.config), "--label-summary").returncode == 0
    done = xelinkd("clear", "--config", str(daemon.config))
    assert done.returncode == 0
    assert json.loads(done.stderr.splitlines()[-1])["links"] == 6
    assert not daemon.file.exists()
