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
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import urllib3
import yaml

from standins.api_server import ApiServer
from standins.level_zero import Node, build
from xelinkd.simulator.machine import parse_machine
from xelinkd.sources.level_zero.source import LIBRARY
from xelinkd.sources.level_zero.sysfs import shown_gpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def free_port() -> int:
    """Give a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


FOLDER: Final = Path(__file__).resolve().parent.parent / ".demo"
FILE: Final = FOLDER / "features.d" / "xpum-sidecar-labels.txt"
CONFIG: Final = FOLDER / "xelinkd.toml"
LOG: Final = FOLDER / "xelinkd.log"
XELINKD: Final = [sys.executable, "-m", "xelinkd"]
PORT: Final = free_port()
PAGE: Final = f"http://127.0.0.1:{PORT}/"
PATIENCE: Final = 30.0  # seconds
LINK: Final = "0.0-3.0"  # which fails
MACHINE: Final = parse_machine("8x-max1550")
COLOUR: Final = sys.stdout.isatty() and "NO_COLOR" not in os.environ


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


# The actors.


class Simulator:
    """A simulated XPU Manager that keeps its port."""

    introduction: Final = "What XPU Manager knows of its tiles:"

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.url = ""
        self._http = urllib3.PoolManager(timeout=5, retries=False)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self.kill()

    @property
    def settings(self) -> str:
        """Give what leads to it, for the configuration."""
        return f'url = "{self.url}"\n'

    def start(self) -> None:
        """Serve, at the port it had before."""
        port = self.url.rpartition(":")[2].partition("/")[0] or "0"
        command = [*XELINKD, "simulate", "8x-max1550", "--port", port]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        if self._process.stdout is None:
            raise RuntimeError("no pipe to the simulator")
        self.url = self._process.stdout.readline().split()[-1]

    def set_link(self, link: str, *, up: bool) -> None:
        """Steer it."""
        address = self.url.replace("/metrics", f"/simulator/links/{link}")
        self._http.request("PUT", address, body="up" if up else "down")

    def fails(self, sink: Sink) -> None:
        """Kill it; the labels stay."""
        scene("XPU Manager dies (kill -9). Intel's own sidecar would now wipe the node's labels; xelinkd:")
        self.kill()
        show(told("topology_unknown"))
        pause(2)
        say(f"The labels stay, on their lease: still {len(sink.links())} links. XPU Manager comes back:")
        self.start()
        show(told("topology_known_again"))

    def kill(self) -> None:
        """End it without ado."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


class LevelZero:
    """A stand-in for Level Zero's library, built here, where programs that are started later find it."""

    introduction: Final = "There is no XPU Manager. What Level Zero shows of its tiles:"
    settings: Final = 'kind = "level-zero"\ndeadline = "2s"\n'

    def __enter__(self) -> Self:
        """Build it; SystemExit where that cannot be, or where it would rightly not be believed."""
        if any(gpu.has_fabric for gpu in shown_gpus(Path("/sys")).values()):
            raise SystemExit("demo: this machine has linked GPUs of its own: try xelinkd itself on them")
        try:
            self._node = Node(FOLDER / "level-zero", MACHINE, loader=build(FOLDER / LIBRARY))
        except OSError as error:
            raise SystemExit(f"demo: {error}") from None
        os.environ |= self._node.env
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing of it runs."""

    def set_link(self, link: str, *, up: bool) -> None:
        """Steer it."""
        self._node.tell(MACHINE.with_link(link, up=up))

    def fails(self, sink: Sink) -> None:
        """Let the driver crash, then hang; the labels stay."""
        scene("The driver crashes at each reading: SIGSEGV inside the library that xelinkd loaded.")
        self._node.tell(MACHINE, "zesDeviceGet crash")
        show(told("topology_unknown", reason="driver_crashed"))
        pause(2)
        say(f"Each reading has a short-lived process of its own: {len(sink.links())} links are still there.")
        scene("Now the driver hangs:")
        self._node.tell(MACHINE, "zesDeviceGet hang")
        show(told("topology_unknown", reason="timeout"))
        say(
            f"The process is killed at its deadline: still {len(sink.links())} links. The driver works again:"
        )
        self._node.tell(MACHINE)
        show(told("topology_known_again"))


Source = Simulator | LevelZero
SOURCES: Final = {"metrics": Simulator, "level-zero": LevelZero}


class FeatureFile:
    """A feature file, from which NFD makes node labels."""

    settings: Final = f'[feature_file]\npath = "{FILE}"\n'
    beginning: Final = 2  # lines that are enough to know it by

    def __enter__(self) -> Self:
        """Have the folder."""
        FILE.parent.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the file for a look at it."""

    def labels(self) -> dict[str, str]:
        """Give the labels in it; none without a file."""
        with suppress(FileNotFoundError):
            lines = [line.partition("=") for line in self.shown().splitlines() if not line.startswith("#")]
            return {name: value for name, _, value in lines}
        return {}

    def links(self) -> set[str]:
        """Give the links that it tells of."""
        return links_of(self.labels())

    def shown(self) -> str:
        """Give it as it is."""
        return FILE.read_text()

    def explain(self) -> None:
        """Show it, and what it means."""
        say(f"xelinkd wrote this feature file, from which NFD makes node labels ({len(self.links())} links):")
        show(self.shown())
        say(
            "The first line is the lease: should xelinkd and all else die, NFD drops the labels at that time."
        )

    def fails(self, _source: Source) -> None:
        """Nothing: a disk that fails takes more than a demo (make faults)."""


class NodeFeature:
    """A NodeFeature object in a stand-in for Kubernetes' API server, which is asked over real HTTPS."""

    beginning: Final = 5

    def __init__(self) -> None:
        """Nothing is served yet."""
        self._cluster = ApiServer(FOLDER)
        self._serving = ExitStack()

    def __enter__(self) -> Self:
        """Serve."""
        self._serving.enter_context(self._cluster.serving())
        return self

    def __exit__(self, *_: object) -> None:
        """End; the objects stay, as in a cluster's memory."""
        self._serving.close()

    @property
    def settings(self) -> str:
        """Give what leads to it, for the configuration."""
        keys = (f"{key} = {json.dumps(value)}\n" for key, value in self._cluster.settings().items())
        return f'[sink]\nkind = "node-feature"\n[node_feature]\n{"".join(keys)}'

    def labels(self) -> dict[str, str]:
        """Give the labels in the object; none without one."""
        return self._cluster.labels()

    def links(self) -> set[str]:
        """Give the links that they tell of."""
        return links_of(self.labels())

    def shown(self) -> str:
        """Give it as `kubectl get -o yaml` does, in short."""
        found = self._cluster.object
        if found is None:
            return "there is no object"
        del found["spec"]["features"]  # three empty maps, for NFD's older CRDs
        return yaml.safe_dump(found, width=1000)

    def explain(self) -> None:
        """Show it, and what it means."""
        say("There is no file: xelinkd keeps an object in the cluster, from which NFD makes node labels")
        say(
            f"({len(self.links())} links). `kubectl get nodefeature -n xelinkd -o yaml` would show, in short:"
        )
        show(self.shown())
        say("The annotation is the lease: at its end the object is removed, by xelinkd or by the sweeper.")
        say(f"It took {self._requests()} requests. While nothing changes, no other is made.")

    def fails(self, source: Source) -> None:
        """Let the API server go away; labels are held, and one retry makes up for it."""
        scene("The API server goes away, and a link fails meanwhile:")
        with self._cluster.away():
            source.set_link(LINK, up=False)
            show(told("node_feature_failing"))
            pause(2)
            say(f"The node's labels stay: {len(self.links())} links. xelinkd holds the news.")
            before = self._requests()
        say("The API server comes back:")
        began = time.monotonic()
        wait_for(lambda: LINK not in self.links(), "the label to go")
        took = since(began)
        show(told("node_feature_recovered"))
        say(f"{took} and {self._requests() - before} request later: {len(self.links())} links.")
        source.set_link(LINK, up=True)
        wait_for(lambda: LINK in self.links(), "the label to come back")
        say(f"Then the link comes back, too: {len(self.links())} links.")

    def _requests(self) -> int:
        return len(self._cluster.asked)


Sink = FeatureFile | NodeFeature
SINKS: Final = {"feature-file": FeatureFile, "node-feature": NodeFeature}


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a daemon inside a `with` block, away from the terminal's ^C; it is ended in order."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def configure(source: Source, sink: Sink, *, namespace: str, min_lanes: int = 4) -> None:
    """Write the configuration, as an editor does: beside the file, then renamed."""
    new = CONFIG.with_suffix(".new")
    new.write_text(
        f'[source]\n{source.settings}interval = "1s"\nstartup_delay = "0s"\n'
        f'[labels]\nnamespace = "{namespace}"\nmin_lanes = {min_lanes}\n'
        f'{sink.settings}[log]\nformat = "json"\n'
        f'[status]\nlisten = "127.0.0.1:{PORT}"\n'
    )
    new.rename(CONFIG)


# What is seen.


def links_of(labels: Mapping[str, str]) -> set[str]:
    """Give the links that labels tell of."""
    values = (value for name, value in labels.items() if "/xe-links" in name)
    return set("".join(value.removeprefix("Z") for value in values).split("_")) - {""}


def told(event: str, **fields: str) -> str:
    """Wait until the log tells of an event (with these fields), and give what matters of its line."""
    line: dict[str, Any] = wait_for(lambda: logged(event, fields)[-1:], event)[0]
    shown = {key: line[key] for key in line if key not in {"time", "file", "level"}}
    return json.dumps(shown)


def logged(event: str, fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give the log's lines of an event."""
    lines = [
        json.loads(line)
        for line in LOG.read_text().splitlines()
        if line.startswith("{") and line.endswith("}")
    ]
    return [line for line in lines if line["event"] == event and fields.items() <= line.items()]


def worker(supervisor: int, name: str) -> int:
    """Find a worker of the supervisor by its name."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return next(int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text().strip() == name)


def wait_for(condition: Callable[[], Any], what: str) -> Any:  # noqa: ANN401  whatever the condition gives
    """Wait until something is true."""
    deadline = time.monotonic() + PATIENCE
    while not (outcome := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"demo: waited {PATIENCE:.0f} s in vain for {what}; see {LOG}")
        time.sleep(0.01)
    return outcome


# What is said.


def scene(title: str) -> None:
    """Begin a scene."""
    pause(1.5)
    print(f"\n{bold(title)}", flush=True)


def say(text: str) -> None:
    """Say a sentence."""
    print(text, flush=True)


def show(text: str) -> None:
    """Show what a program wrote."""
    print("".join(f"    {line}\n" for line in text.splitlines()), end="", flush=True)


def since(began: float) -> str:
    """Give the time that has passed."""
    return f"{time.monotonic() - began:.2f} s"


def pause(seconds: float) -> None:
    """Leave time to read, where somebody reads."""
    time.sleep(seconds if sys.stdout.isatty() else seconds / 5)


def bold(text: str) -> str:
    """Stand out, on a terminal."""
    return f"\033[1m{text}\033[0m" if COLOUR else f"== {text}"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main()
    except KeyboardInterrupt:
        print("\nended; nothing is left running")
