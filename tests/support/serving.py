"""The status, served by a real worker: `python -m support.serving STATUS BOUNDS` from the tests' folder.

STATUS and BOUNDS are JSON, with keys of `Config.status` and of `Bounds`. The worker is forked and confined as
the daemon does it, and serves what a test can recognise. It ends when standard input is closed.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import urllib3
from support.daemon import PATIENCE, children, wait_until
from support.ports import free_port

from xelinkd import logs
from xelinkd.config.schema import Config, Log, Status
from xelinkd.confinement.privileges import forgo_new_privileges
from xelinkd.confinement.promises import of_the_status
from xelinkd.serving.answering import Route
from xelinkd.serving.reception import Bounds
from xelinkd.serving.response import TEXT, Response
from xelinkd.serving.server import serve
from xelinkd.supervisor.processes import DONE, Job, fork_worker
from xelinkd.workers.lifeline import OUTDATED, PROGRESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.serving.request import Request
    from xelinkd.supervisor.processes import Worker
    from xelinkd.workers.lifeline import Lifeline

TESTS: Final = Path(__file__).parents[1]
LARGE: Final = 4 << 20  # bytes


def _echo(request: Request) -> Response:
    shown = {"path": request.path, "query": dict(request.query)}
    return Response(200, "application/json", json.dumps(shown).encode())


def _broken(_request: Request) -> Response:
    raise LookupError("no such page")


ROUTES: Final = {
    "/livez": Route(lambda _: Response(200, TEXT, b"ok"), is_open=True),
    "/": Route(_echo),
    "/own": Route(lambda _: Response(200, TEXT, b"own", {"Content-Security-Policy": "default-src 'self'"})),
    "/large": Route(lambda _: Response(200, TEXT, b"x" * LARGE)),
    "/broken": Route(_broken),
}


@dataclass
class Served:
    """A server that may be listening: how it is set up, and what it said."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        """Where it is asked over http."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The worker's process id."""
        pids: list[int] = wait_until(lambda: children(self.process.pid), "the worker")
        return pids[0]

    def get(self, path: str, method: str = "GET", **headers: str) -> urllib3.BaseHTTPResponse:
        """Ask over a connection of its own."""
        with urllib3.PoolManager(retries=False, timeout=PATIENCE) as client:
            return client.request(method, self.url + path, headers=headers)

    def connect(self) -> socket.socket:
        """Connect, to send what one likes."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def exchange(self, sent: bytes) -> bytes:
        """Send bytes over a connection of their own; give all that is answered until the server hangs up."""
        with self.connect() as sock:
            sock.sendall(sent)
            return all_of(sock)

    def peak_kib(self) -> int:
        """Give the most memory that the worker has ever had, in KiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])

    def descriptors(self) -> int:
        """Give how many descriptors the worker has."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def events(self, name: str) -> list[dict[str, Any]]:
        """Give the log's events of one name."""
        events = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [event for event in events if event["event"] == name]

    def wait_for(self, name: str) -> dict[str, Any]:
        """Wait until it has told of something, and give the last of that."""
        events: list[dict[str, Any]] = wait_until(
            lambda: self.events(name), f"{name} in\n{self.log.read_text()}"
        )
        return events[-1]


@contextmanager
def starting(
    folder: Path, bounds: dict[str, float] | None = None, /, **status: str | bool
) -> Iterator[Served]:
    """Give a server on a free port of 127.0.0.1, if it is not told where; it may not listen yet."""
    port = free_port()
    keys = {"listen": f"127.0.0.1:{port}", **status}
    log = folder / "log"
    command = [sys.executable, "-m", "support.serving", json.dumps(keys), json.dumps(bounds or {})]
    with log.open("ab") as stderr:
        process = subprocess.Popen(command, cwd=TESTS, stdin=subprocess.PIPE, stderr=stderr)
    with process:
        yield Served(port, process, log)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(PATIENCE) == 0, log.read_text()


@contextmanager
def serving(
    folder: Path, bounds: dict[str, float] | None = None, /, **status: str | bool
) -> Iterator[Served]:
    """Give a server that listens."""
    with starting(folder, bounds, **status) as served:
        served.wait_for("status_listening")
        yield served


def all_of(sock: socket.socket) -> bytes:
    """Receive until the server hangs up."""
    parts = []
    while part := sock.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def _main(status: Status, bounds: Bounds) -> int:
    def main(lifeline: Lifeline) -> None:
        serve(status, ROUTES, lifeline.until_released, bounds)

    forgo_new_privileges()
    promise = partial(of_the_status, Config(status=status))
    job = Job("status", main, (), frozenset({PROGRESS, OUTDATED}), may_be_killed=False, promise=promise)
    set_up = partial(logs.configure, Log(level="debug", format="json"))
    while True:
        worker = fork_worker(job, heartbeat_period=0.1, set_up=set_up)
        is_over = _wait(worker)
        worker.release()
        ended = worker.reap()
        if is_over or ended != DONE:
            return int(ended != DONE)


def _wait(worker: Worker) -> bool:
    """Wait until the worker is outdated; True if it is over: by the test, or because the worker has ended."""
    while sys.stdin.fileno() not in wait([sys.stdin.fileno(), worker.control]):
        try:
            if worker.hear() == OUTDATED:
                return False
        except EOFError:
            return True
    return True


if __name__ == "__main__":
    sys.exit(_main(msgspec.json.decode(sys.argv[1], type=Status), Bounds(**json.loads(sys.argv[2]))))
