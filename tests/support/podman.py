"""Containers by podman, in a storage of their own; they share this process's network."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from support.daemon import wait_until

if TYPE_CHECKING:
    from pathlib import Path

# crun refuses cgroups of both versions at once; the limits are below those of any machine.
CONFIGURATION: Final = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
"""

# As Kubernetes runs a container with such a security context; no folder is made writable for it.
HARDENED: Final = (
    "--read-only",
    "--read-only-tmpfs=false",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--network=host",
    "--log-driver=k8s-file",
)


@dataclass(frozen=True)
class Podman:
    """podman with its storage in a folder."""

    folder: Path

    def __call__(
        self, *arguments: str | Path, check: bool = True, patience: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; fails if it does, unless told not to look."""
        storage = (f"--root={self.folder / 'storage'}", f"--runroot={self.folder / 'running'}")
        command = ["podman", *storage, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience)
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done

    def says(self, *arguments: str | Path) -> str:
        """Give what a command prints."""
        return self(*arguments).stdout

    def inspect(self, name: str) -> Any:  # noqa: ANN401  as it comes
        """Give all that podman knows of a container or an image."""
        return json.loads(self.says("inspect", name))[0]


@dataclass(frozen=True)
class Container:
    """A container that was started."""

    podman: Podman
    name: str

    def text(self) -> str:
        """Give what it has said."""
        done = self.podman("logs", self.name)
        return done.stdout + done.stderr

    def events(self, name: str) -> list[dict[str, Any]]:
        """Give the events of one name that it has logged."""
        lines = [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def wait_for(self, name: str) -> dict[str, Any]:
        """Wait until it has logged an event, and give the first."""
        events = wait_until(lambda: self.events(name), f"{name} of {self.name}")
        first: dict[str, Any] = events[0]
        return first

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside."""
        return self.podman("exec", self.name, *command, check=False)

    def pid(self) -> int:
        """Give the process id, outside, of its PID 1."""
        return int(self.podman.inspect(self.name)["State"]["Pid"])

    def stop(self) -> tuple[int, float]:
        """Send SIGTERM to PID 1, SIGKILL after 10 s; give the exit status and the seconds that it took."""
        begin = time.monotonic()
        self.podman("stop", "--time=10", self.name)
        seconds = time.monotonic() - begin
        return self.podman.inspect(self.name)["State"]["ExitCode"], seconds
