"""The program on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from support.daemon import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path


def on_a_terminal(*arguments: str | Path, **environment: str) -> str:
    """Give what the program prints on a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "xelinkd", *map(str, arguments)]
    env = {**os.environ, "TERM": "xterm", **environment}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # EIO: the program has ended
            while part := os.read(ours, 65_536):
                shown += part
        process.wait(PATIENCE)
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")
