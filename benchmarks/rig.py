"""What is measured, set up and taken down: a page server, and programs that fetch from it."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.request import urlopen

from benchmarks.page_server import MOMENT
from benchmarks.pages import NODE, REPOSITORY, recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

PATIENCE: Final = 30.0  # seconds; what takes longer is broken, not slow
LOOK_EVERY: Final = 0.0005  # seconds
_MANY: Final = 65536


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how often to measure."""

    rounds: int
    starts: int
    crashes: int  # of each worker
    changes: int
    reloads: int
    calls: int  # of a parser, in each round
    cycles: int
    warm_cycles: int
    cycle_interval: float  # seconds
    rest_rounds: int
    rest_interval: float  # seconds
    rest_cycles: int  # before it counts as at rest
    rest_seconds: float


FULL: Final = Effort(5, 15, 15, 20, 12, 10, 100, 20, 0.1, 3, 10.0, 2, 30.0)
QUICK: Final = Effort(1, 1, 1, 1, 1, 1, 5, 1, 0.1, 1, 0.1, 2, 0.2)


@dataclass(frozen=True, slots=True)
class Server:
    """A page server at work; its output has the moment at which each page was sent."""

    port: int
    process: subprocess.Popen[bytes]
    file: Path

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/metrics"

    def serve(self, page: bytes) -> None:
        """Serve this page from now on."""
        staged = self.file.with_suffix(".new")
        staged.write_bytes(page)
        staged.rename(self.file)

    def forget_requests(self) -> None:
        """Begin to count anew."""
        while self.answered(_MANY, 0.0):
            pass

    def wait_for_requests(self, count: int) -> None:
        """Wait until so many more requests have been answered."""
        while count > 0:
            come = len(self.answered(count, PATIENCE))
            if not come:
                raise RuntimeError(f"no request within {PATIENCE:g} s: has the program ended?")
            count -= come

    def last_answer(self, by: float) -> float:
        """Give when the last page had been sent before a moment, of those not asked for yet."""
        return max((moment for moment in self.answered(_MANY, PATIENCE) if moment <= by), default=by)

    def answered(self, most: int, patience: float) -> list[float]:
        """Give when pages had been sent (time.monotonic), which was not given yet; wait for the first."""
        assert self.process.stdout is not None  # noqa: S101  it is a pipe
        ready, _, _ = select.select([self.process.stdout], [], [], patience)
        told = self.process.stdout.read(most * MOMENT.size) if ready else b""
        return [moment for (moment,) in MOMENT.iter_unpack(told)]


@dataclass(frozen=True, slots=True)
class Rig:
    """The interpreter that has what the daemon needs, where the references are, and how hard to try."""

    python: str
    references: str
    peer: Sequence[str]
    effort: Effort
    server: Server
    folder: Path
    builds: bool = False  # packages and image, to know their size

    def run(self, module: str, *arguments: str) -> Sequence[str]:
        """Give the command that runs a module under the daemon's interpreter."""
        return (self.python, "-m", module, *arguments)


@contextmanager
def page_server(folder: Path) -> Iterator[Server]:
    """Serve a page from a process of its own, under this interpreter; `folder` is where the page is kept."""
    file = folder / "page"
    file.write_bytes(recorded(NODE))
    command = [sys.executable, "-m", "benchmarks.page_server", str(file)]
    with subprocess.Popen(  # noqa: S603  our own command
        command, stdout=subprocess.PIPE, bufsize=0, cwd=REPOSITORY
    ) as process:
        assert process.stdout is not None  # noqa: S101  it is a pipe
        try:
            yield Server(int(process.stdout.readline()), process, file)
        finally:
            process.terminate()


def environment(references: str = "") -> dict[str, str]:
    """Give an environment in which no variable of Python's own (PYTHONUNBUFFERED...) makes a difference."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return clean | {"PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY), references]))}


@contextmanager
def running(command: Sequence[str], folder: Path, **variables: str) -> Iterator[int]:
    """Run a program while the block lasts, and give its process id; its output goes to `folder`/log.

    `variables` are for its environment.
    """
    surroundings = environment() | variables
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  the user's own command
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=surroundings, cwd=folder
        )
    try:
        yield process.pid
    except RuntimeError as error:
        error.add_note("the program said:\n" + (folder / "log").read_text())
        raise
    finally:
        process.terminate()
        process.wait(PATIENCE)


def wait_until(condition: Callable[[], object]) -> float:
    """Wait until something is true; give the moment (time.monotonic) at which it was seen to be."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {PATIENCE:g} s in vain")
        time.sleep(LOOK_EVERY)
    return time.monotonic()


def free_port() -> int:
    """Give a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def answers(url: str) -> bool:
    """Ask; tell whether all is well."""
    try:
        with urlopen(url, timeout=PATIENCE) as response:  # noqa: S310  http, to ourselves
            return bool(response.read())
    except OSError:
        return False


# How to start a program, and where its labels are then.


def labels_in(folder: Path) -> Path:
    """Name the feature file of a program that works in `folder`."""
    return folder / "features.d" / "xpum-sidecar-labels.txt"


def configure(
    rig: Rig, folder: Path, interval: float, namespace: str = "gpu.intel.com", status: str = ""
) -> Path:
    """Put a configuration into `folder` by a rename, as editors and tools do; give its path.

    `status`: where the status is served; nowhere, unless that is what is measured.
    """
    path = folder / "xelinkd.toml"
    staged = path.with_suffix(".new")
    staged.write_text(
        f'[source]\nurl = "{rig.server.url}"\ninterval = "{1000 * interval:.0f}ms"\nstartup_delay = "0s"\n'
        f'[labels]\nnamespace = "{namespace}"\n'
        f'[feature_file]\npath = "{labels_in(folder)}"\n[status]\nlisten = "{status}"\n'
    )
    staged.rename(path)
    return path


def flags(rig: Rig, folder: Path, interval: int) -> Sequence[str]:
    """Give the flags that xelinkd and the program it replaces have in common."""
    return (
        *("-xpum-port", str(rig.server.port)),
        *("-interval", str(interval)),
        *("-startup-delay", "0"),
        *("-dst-file-path", str(labels_in(folder))),
        *("-tmp-dir-prefix", f"{folder}/"),
    )
