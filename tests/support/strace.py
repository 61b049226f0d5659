"""The system calls of a running daemon, as strace(1) tells them."""

from __future__ import annotations

import re
import shutil
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from pathlib import Path

needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is missing (apt-get install strace)"
)

_CALL: Final = re.compile(r"^(\d+) +(\w+)\((.*)$", re.MULTILINE)  # not "resumed": the second half of a call
_NAME: Final = re.compile(r'PR_SET_NAME, "xelinkd:(\w+)"')


def prefix(file: Path) -> list[str]:
    """Give the command that runs another and tells its calls in a file; it is no parent of what it runs."""
    return ["strace", "--daemonize", "--follow-forks", "--string-limit=40", "--quiet=all", f"--output={file}"]


def requests(file: Path) -> int:
    """Count the requests that have been sent."""
    return file.read_text().count(" sendto(")


def calls_between(file: Path, first: int, last: int) -> dict[str, Counter[str]]:
    """Give the calls of each worker from one request to another (both count from 0)."""
    names: dict[str, str] = {}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    sent = 0
    for pid, call, arguments in _CALL.findall(file.read_text()):
        names.setdefault(pid, "a thread" if names else "supervisor")
        if renamed := _NAME.search(arguments):
            names[pid] = renamed[1]
        if first < sent <= last:
            found[names[pid]][call] += 1
        sent += call == "sendto"
    return found
