"""Who tells the links in the demo, and how that fails."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import urllib3

from demo.stage import FOLDER, MACHINE, XELINKD, pause, say, scene, show, told
from standins.level_zero import Node, build
from xelinkd.sources.level_zero.source import LIBRARY
from xelinkd.sources.level_zero.sysfs import shown_gpus

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from demo.actors import Sink, Source


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


SOURCES: Final[dict[str, Callable[[], AbstractContextManager[Source]]]] = {
    "metrics": Simulator,
    "level-zero": LevelZero,
}
