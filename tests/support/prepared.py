"""Programs of ours in processes of their own that are forked, not started anew.

An interpreter and its imports cost ten times what a short run of the program itself does. So one process,
`python -m support.prepared SOCKET` in the tests' folder, loads all once, and is forked for each run: the run
has its own streams, working folder and environment, and ends as any interpreter does. What an interpreter
makes of its start (closed streams, encodings, terminals) takes one that is started: `sys.executable`.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Final

from xelinkd.cli.main import VERBS

if TYPE_CHECKING:
    from collections.abc import Sequence

TESTS: Final = Path(__file__).parents[1]
LIMIT: Final = 60.0  # seconds that a run may take
MAX_WORDS: Final = 128 << 10  # bytes of arguments and environment


def run(how: str, *arguments: str, stdin: bytes = b"", cwd: Path | None = None) -> tuple[int, bytes, bytes]:
    """Run `python -m MODULE ...` or `python -c CODE ...` to its end; give exit status, output and errors."""
    words = json.dumps([how, arguments, str(cwd or Path.cwd()), dict(os.environ)])
    with TemporaryFile() as given, TemporaryFile() as output, TemporaryFile() as errors:
        given.write(stdin)
        given.seek(0)
        status = _run(words.encode(), [stream.fileno() for stream in (given, output, errors)])
        output.seek(0)
        errors.seek(0)
        return status, output.read(), errors.read()


def _run(words: bytes, streams: Sequence[int]) -> int:
    asking = _prepared()
    socket.send_fds(asking, [words], streams)
    pid = int(asking.recv(32))
    try:
        return int(asking.recv(32))
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        asking.recv(32)  # its status is not that of the next
        raise


@cache
def _prepared() -> socket.socket:
    """Start the process that is forked; give what it is asked over, once for each process of the tests."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(LIMIT)
    command = [sys.executable, "-m", "support.prepared", str(theirs.fileno())]
    with theirs:
        process = subprocess.Popen(
            command,
            cwd=TESTS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    atexit.register(process.wait)  # the second that is called: the end of the socket is its end
    atexit.register(ours.close)
    return ours


def _serve(asked: socket.socket) -> None:
    """Fork for each run that is asked for, until nobody can ask any more."""
    while True:
        words, streams, *_ = socket.recv_fds(asked, MAX_WORDS, 3)
        if not words:
            return
        pid = os.fork()
        if pid == 0:
            asked.close()
            _become(streams, *json.loads(words))
            return
        for stream in streams:
            os.close(stream)
        asked.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        asked.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(
    streams: list[int], how: str, arguments: list[str], folder: str, environment: dict[str, str]
) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = arguments
    if how == "-m":
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        exec(arguments[0], {"__name__": "__main__"})  # noqa: S102  what a test wrote


if __name__ == "__main__":
    for verb in VERBS:
        import_module(f"xelinkd.cli.{verb}")
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
