"""Acts done inside a real worker: `python -m support.inside JOB CONFIG ACTS` from the tests' folder.

JOB names one of xelinkd's own jobs; ACTS is JSON, a list of [act, argument]. The worker is forked as the
daemon does it, and does the acts in place of its work; what became of each is printed as JSON. SIBLING in
an argument stands for the process id of another worker of the same supervisor.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import sys
from contextlib import contextmanager
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from xelinkd.config.load import load
from xelinkd.confinement.privileges import forgo_new_privileges
from xelinkd.supervisor import pipeline
from xelinkd.supervisor.logins import Logins
from xelinkd.supervisor.processes import fork_worker
from xelinkd.supervisor.status import status
from xelinkd.workers.boards import Boards
from xelinkd.workers.former import NOTHING_FORMER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from xelinkd.config.load import Loaded
    from xelinkd.supervisor.processes import Job
    from xelinkd.workers.lifeline import Lifeline


def _connect(address: Any) -> None:  # noqa: ANN401  a path or [host, port]
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as made:
        made.connect(address if isinstance(address, str) else tuple(address))


def _bind(port: int) -> None:
    with socket.socket() as made:
        try:
            made.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:  # nobody refuses it: another test has it
                raise


def _execute(path: str) -> None:
    if os.fork() == 0:
        try:
            os.execv(path, [path])  # noqa: S606  no shell is wanted
        except OSError as error:
            os._exit(error.errno or 1)
    _, status = os.wait()
    if os.waitstatus_to_exitcode(status):
        raise OSError(os.waitstatus_to_exitcode(status), path)


ACTS: Final[dict[str, Callable[[Any], object]]] = {
    "read": lambda path: Path(path).read_bytes(),
    "list": os.listdir,
    "write": lambda path: Path(path).write_text("here"),
    "truncate": lambda path: os.truncate(path, 0),
    "remove": os.unlink,
    "make folder": os.mkdir,
    "link": lambda path: Path(path).symlink_to("/etc/passwd"),
    "rename": lambda paths: Path(paths[0]).rename(paths[1]),
    "connect": _connect,
    "bind": _bind,
    "execute": _execute,
    "signal supervisor": lambda number: os.kill(os.getppid(), number),
    "signal": lambda pid: os.kill(int(pid), 0),
    "look into supervisor": lambda name: Path(f"/proc/{os.getppid()}/{name}").read_bytes(),
    "change root": os.chroot,
    "give away": lambda path: os.chown(path, 12345, 12345),
    "resolve": lambda name: socket.getaddrinfo(name, 80),
    "import": __import__,
    "read descriptor": lambda number: os.pread(number, 100, 0),
}


def outcome(name: str, argument: object) -> str:
    """Do an act; give "done", or how it was refused."""
    try:
        ACTS[name](argument)
    except OSError as error:
        return type(error).__name__
    return "done"


def jobs(loaded: Loaded) -> dict[str, Job]:
    """Give the daemon's own jobs by name."""
    builds = (
        pipeline.pipeline(loaded, 0.0, Logins(), Boards(), NOTHING_FORMER),
        pipeline.watcher(loaded),
        pipeline.remover(loaded, NOTHING_FORMER),
        status(loaded, Boards()),
    )
    return {job.name: job for build in builds for job in build.jobs()}


def act_inside(job: Job, acts: list[tuple[str, Any]]) -> list[str]:
    """Fork the worker and let it do the acts; give what became of each."""
    receiving, sending = Pipe(duplex=False)

    def main(_lifeline: Lifeline) -> None:
        sending.send_bytes(json.dumps([outcome(*act) for act in acts]).encode())

    changed = replace(job, main=main, connections=(*job.connections, sending))
    worker = fork_worker(changed, heartbeat_period=10, set_up=lambda _name: None)
    sending.close()
    done: list[str] = json.loads(_last_words(receiving))
    worker.reap()
    return done


@contextmanager
def idle(job: Job) -> Iterator[str]:
    """Fork a worker that does nothing; give its process id."""
    worker = fork_worker(
        replace(job, main=lambda _: signal.pause()), heartbeat_period=10, set_up=lambda _name: None
    )
    yield str(worker.pid)
    worker.kill()
    worker.reap()


def _last_words(receiving: Connection) -> bytes:
    try:
        return receiving.recv_bytes()
    except EOFError:
        return b'["the worker ended"]'


if __name__ == "__main__":
    forgo_new_privileges()
    found = jobs(load(Path(sys.argv[2]), required=True))
    with idle(found["watcher"]) as sibling:
        acts = json.loads(sys.argv[3].replace("SIBLING", sibling))
        print(json.dumps(act_inside(found[sys.argv[1]], acts)))  # noqa: T201  the answer
