"""The real program as a child process, for tests: its logs, its workers, its feature file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3
from support import prepared
from support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PATIENCE = 20.0  # seconds; how long anything may take on a busy machine before a test gives up


def wait_until(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:  # noqa: ANN401  whatever it gives
    """Wait for something to become true, and give it."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if outcome := condition():
            return outcome
        time.sleep(0.02)
    raise AssertionError(f"waited {patience} s in vain for {what}")


def xelinkd(
    *arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    words = list(map(str, arguments))
    status, output, errors = prepared.run("-m", "xelinkd", *words, stdin=stdin, cwd=cwd)
    return subprocess.CompletedProcess(words, status, output.decode(), errors.decode())


def toml(settings: Mapping[str, Mapping[str, object]]) -> str:
    """Write a configuration; strings, booleans and integers look the same in JSON."""
    return "\n".join(
        f"[{section}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
        for section, keys in settings.items()
    )


def _answer(url: str) -> urllib3.BaseHTTPResponse | None:
    try:
        return urllib3.request("GET", url, timeout=PATIENCE, retries=False)
    except urllib3.exceptions.HTTPError:  # nothing listens there yet
        return None


@dataclass
class Daemon:
    """A xelinkd that may be running, its folder, and what it left there."""

    folder: Path
    url: str
    settings: dict[str, dict[str, object]] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)  # beyond what is there already
    prefix: list[str] = field(default_factory=list)  # a command that takes another as its arguments
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        """Make the folders, and a configuration with a short interval."""
        self.features = self.folder / "features.d"
        self.features.mkdir()
        self.file = self.features / "xpum-sidecar-labels.txt"
        self.config = self.folder / "etc" / "xelinkd.toml"
        self.config.parent.mkdir()
        self.log = self.folder / "log"
        self.configure()

    def configure(self, **changes: Mapping[str, object]) -> None:
        """Write the configuration, with some keys changed: `labels={"min_lanes": 8}`."""
        self.config.write_text(self.text(**changes))

    def text(self, **changes: Mapping[str, object]) -> str:
        """Give a configuration's text; what was changed before stays changed."""
        base: dict[str, dict[str, object]] = {
            "source": {"url": self.url, "interval": "100ms", "startup_delay": "0s"},
            "feature_file": {"path": str(self.file)},
            "status": {"listen": ""},
            "log": {"level": "debug", "format": "json"},
        }
        for section, keys in changes.items():
            self.settings.setdefault(section, {}).update(keys)
        for section, keys in self.settings.items():
            base.setdefault(section, {}).update(keys)
        return toml(base)

    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
    ) -> Daemon:
        """Start it, with its own configuration file unless other arguments are given."""
        given = arguments or ("--config", str(self.config))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, *prefix, sys.executable, "-m", "xelinkd", "run", *given],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.env, **(env or {})},
            )
        return self

    def serve_status(self) -> Daemon:
        """Configure it to serve its status, on a port of its own."""
        self.configure(status={"listen": f"127.0.0.1:{free_port()}"})
        return self

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self.process is not None
        return self.process.pid

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it as an init system would; give its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End it, if a test has not."""
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
                self.process.send_signal(signal.SIGCONT)  # it may have been stopped
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    # What it says.

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """Give the log's events, of one name or all; a last line that is not whole yet is left out."""
        text = self.log.read_text()
        lines = text[: text.rfind("\n") + 1].splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return [event for event in events if name in (None, event["event"])]

    def wait_for(self, name: str, times: int = 1) -> dict[str, Any]:
        """Wait until it has told of something so many times, and give the last of them."""
        events = wait_until(lambda: self.events(name)[times - 1 :], f"{name} in\n{self.log.read_text()}")
        last: dict[str, Any] = events[0]
        return last

    # What it writes.

    def labels(self) -> list[str]:
        """Give the label lines of the feature file; none if there is no file."""
        try:
            lines = self.file.read_text().splitlines()
        except FileNotFoundError:
            return []
        return [line for line in lines if not line.startswith("#")]

    def links(self) -> set[str]:
        """Give the pairs that the labels stand for."""
        value = "".join(line.partition("=")[2].removeprefix("Z") for line in self.labels())
        return set(value.split("_")) if value else set()

    def wait_for_links(self, condition: Callable[[set[str]], object]) -> set[str]:
        """Wait until the feature file's links are as they should."""
        wait_until(
            lambda: self.file.exists() and condition(self.links()), f"the links in\n{self.log.read_text()}"
        )
        return self.links()

    # What it serves.

    @property
    def listen(self) -> str:
        """Where its status is served, as host and port."""
        return str(self.settings["status"]["listen"])

    def ask(self, path: str) -> tuple[int, str]:
        """Ask the status process, once it listens; give the status and the body."""
        answer = wait_until(lambda: _answer(f"http://{self.listen}{path}"), f"an answer at {self.listen}")
        return answer.status, answer.data.decode()

    def wait_for_answer(self, path: str, condition: Callable[[int, str], object]) -> str:
        """Ask until the answer is as it should be, and give it."""
        wait_until(lambda: condition(*self.ask(path)), f"the answer at {path}; last: {self.ask(path)}")
        return self.ask(path)[1]

    # What it consists of.

    def workers(self) -> dict[str, int]:
        """Give the process ids of the workers, by name."""
        return {
            name.removeprefix("xelinkd:"): pid
            for pid in children(self.pid)
            if (name := comm(pid)).startswith("xelinkd:")
        }

    def wait_for_workers(self) -> dict[str, int]:
        """Wait until the pipeline and the watcher run."""
        names = {"fetcher", "writer", "watcher"}
        if self.settings.get("status", {}).get("listen"):
            names.add("status")
        workers: dict[str, int] = wait_until(
            lambda: names <= set(found := self.workers()) and found, "all workers"
        )
        return workers


def comm(pid: int) -> str:
    """Give a process's short name; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def children(pid: int) -> list[int]:
    """Give the process ids of a process's children."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def is_alive(pid: int) -> bool:
    """Tell whether a process still does anything; a zombie does not."""
    return state_of(pid) not in {None, "Z"}


def is_asleep(pid: int) -> bool:
    """Tell whether a process waits for something."""
    return state_of(pid) == "S"


def state_of(pid: int) -> str | None:
    """Give the letter of proc(5) for what a process does; None if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None
