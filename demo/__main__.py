"""What `make demo` shows: labels appear, change and survive, written by the real program.

Starts `xelinkd simulate` and `xelinkd run` as a user would, and steers the simulator over HTTP. With
`--source level-zero` there is no XPU Manager: a library stands in for Level Zero, and its driver fails. With
`--sink node-feature` labels are in an object of a cluster: a stand-in for its API server goes away and comes
back. Ends by itself after about 20 seconds, or on ^C; either way nothing is left running. With `--stay` it
goes on until ^C, for a look at the page.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3

from demo.sinks import SINKS
from demo.sources import SOURCES
from demo.stage import (
    CONFIG,
    FOLDER,
    LINK,
    LOG,
    PAGE,
    XELINKD,
    configure,
    running,
    say,
    scene,
    show,
    since,
    told,
    wait_for,
)

if TYPE_CHECKING:
    from demo.actors import Sink, Source


def main() -> None:
    """Run all scenes."""
    options = asked_for()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with ExitStack() as stack:
        source = stack.enter_context(SOURCES[options.source]())
        sink = stack.enter_context(SINKS[options.sink]())
        configure(source, sink, namespace="gpu.intel.com")
        say(f"While this runs, the status page is at {PAGE}")
        daemon = stack.enter_context(running([*XELINKD, "run", "--config", str(CONFIG)], LOG))
        labels_appear(source, sink)
        a_link_fails(source, sink)
        source.fails(sink)
        sink.fails(source)
        the_writer_is_killed(daemon, sink)
        the_configuration_changes(source, sink)
        it_can_be_seen(stay=options.stay)
    it_has_ended(sink)


def asked_for() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="tools/demo", description="Shows xelinkd at work; needs no root.")
    parser.add_argument(
        "--source",
        choices=SOURCES,
        default="metrics",
        help="who tells the links: a simulated XPU Manager (metrics), or a stand-in for Level Zero",
    )
    parser.add_argument(
        "--sink",
        choices=SINKS,
        default="feature-file",
        help="where labels go: a feature file, or an object of a stand-in for Kubernetes' API server",
    )
    parser.add_argument("--stay", action="store_true", help="go on until ^C")
    return parser.parse_args()


# The scenes.


def labels_appear(source: Source, sink: Sink) -> None:
    """Show the first labels, and what they mean."""
    scene(f"A node with 8 x Intel Data Center GPU Max 1550 starts. {source.introduction}")
    wait_for(sink.links, "the labels")
    command = [*XELINKD, "show", "--config", str(CONFIG)]
    shown = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    show(shown.partition("\n\n")[0])
    sink.explain()


def a_link_fails(source: Source, sink: Sink) -> None:
    """Take a link away, and bring it back."""
    scene(f"The XeLink between tiles {LINK.replace('-', ' and ')} fails ...")
    began = time.monotonic()
    source.set_link(LINK, up=False)
    wait_for(lambda: LINK not in sink.links(), "the label to go")
    say(f"... and {since(began)} later its label is gone: {len(sink.links())} links. It comes back ...")
    began = time.monotonic()
    source.set_link(LINK, up=True)
    wait_for(lambda: LINK in sink.links(), "the label to come back")
    say(f"... and {since(began)} later so is its label: {len(sink.links())} links.")


def the_writer_is_killed(daemon: subprocess.Popen[bytes], sink: Sink) -> None:
    """Kill a worker; it is replaced, and the labels do not blink."""
    scene("Somebody kills the writer process (kill -9):")
    os.kill(worker(daemon.pid, "xelinkd:writer"), signal.SIGKILL)
    show(told("unit_works_again"))
    say(f"A new pair of workers goes on where the old one was: still {len(sink.links())} links.")


def the_configuration_changes(source: Source, sink: Sink) -> None:
    """Change the configuration; it applies at once."""
    scene(
        'An administrator edits the configuration: namespace = "example.org", links of 5 lanes and more only'
    )
    began = time.monotonic()
    configure(source, sink, namespace="example.org", min_lanes=5)
    wait_for(lambda: "example.org/xe-links" in sink.labels(), "the new labels")
    say(f"{since(began)} later, without a restart (all links here have 4 lanes, so none is left):")
    show(sink.shown())
    configure(source, sink, namespace="gpu.intel.com")
    wait_for(lambda: "gpu.intel.com/xe-links" in sink.labels() and sink.links(), "all labels")
    say("It is put back as it was. (All that was logged is in .demo/xelinkd.log.)")


def it_can_be_seen(*, stay: bool) -> None:
    """Ask the running service, as a person and as a probe."""
    scene("How is it? `xelinkd status` asks the running service, as the page, probes and Prometheus do:")
    shown = subprocess.run(
        [*XELINKD, "status", "--config", str(CONFIG)], capture_output=True, check=True, text=True
    )
    show(shown.stdout)
    events = json.loads(urllib3.request("GET", f"{PAGE}topology.json", timeout=5).data)["events"]
    say(f"What happened is remembered, though a writer was killed: {len(events)} changes.")
    say(f"The status page: {PAGE}")
    if stay:
        say("It goes on until ^C.")
        signal.pause()


def it_has_ended(sink: Sink) -> None:
    """Tell what is left."""
    scene("xelinkd was told to end, and has: its labels stay, so that restarts and upgrades never blink.")
    show("\n".join(sink.shown().splitlines()[: sink.beginning]))


def worker(supervisor: int, name: str) -> int:
    """Find a worker of the supervisor by its name."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return next(int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text().strip() == name)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main()
    except KeyboardInterrupt:
        print("\nended; nothing is left running")
