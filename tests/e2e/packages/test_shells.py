"""Completion, asked of the shells themselves."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest
from support.daemon import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BASH: Final = """\
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
_shtab_xelinkd "$1" "${@: -1}" "${@: -2:1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def bash(root: Path, line: str) -> set[str]:
    """Ask bash, as its readline does."""
    file = root / "usr/share/bash-completion/completions/xelinkd"
    words = line.split(" ")
    done = subprocess.run(
        ["bash", "--norc", "-c", _BASH, "bash", file, *words], capture_output=True, text=True, check=False
    )
    return {word.strip() for word in done.stdout.splitlines()}


def fish(root: Path, line: str) -> set[str]:
    """Ask fish."""
    file = root / "usr/share/fish/vendor_completions.d/xelinkd.fish"
    asking = f"source {file}; complete --do-complete '{line}'"
    done = subprocess.run(
        ["fish", "--no-config", "--command", asking], capture_output=True, text=True, check=True
    )
    return {answer.partition("\t")[0] for answer in done.stdout.splitlines()}


def zsh(root: Path, line: str) -> set[str]:
    """Type into a zsh on a terminal, and read what it lists."""
    folder = root / "usr/share/zsh/vendor-completions"
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe("zsh", ["zsh", "--no-rcs", "--interactive"], {**os.environ, "TERM": "dumb", "PS1": "$ "})
    try:
        _type(terminal, f"fpath=({folder} $fpath); autoload -Uz compinit; compinit -D -u; LISTMAX=999\n")
        _type(
            terminal, "setopt auto_list no_list_ambiguous; zstyle ':completion:*' verbose no; echo rea''dy\n"
        )
        _read(terminal, "ready\r\n")
        _type(terminal, f"{line}\t\t\x15echo do''ne\n")  # ^U: the line is thrown away once all is listed
        seen = _read(terminal, "done\r\n")
    finally:
        os.close(terminal)
        os.waitpid(process, 0)
    return set(re.split(r"[\s\x07\x1b]+", seen))


def _type(terminal: int, text: str) -> None:
    os.write(terminal, text.encode())


def _read(terminal: int, end: str) -> str:
    """Read until a text comes."""
    os.set_blocking(terminal, False)
    seen, deadline = "", time.monotonic() + PATIENCE
    while end not in seen and time.monotonic() < deadline:
        with suppress(BlockingIOError):
            seen += os.read(terminal, 65536).decode(errors="replace")
        time.sleep(0.02)
    return seen


@pytest.fixture(params=[bash, zsh, fish], ids=lambda shell: shell.__name__)
def complete(request: pytest.FixtureRequest, root: Path) -> Callable[[str], set[str]]:
    """Give what asks a shell to complete a line."""
    return lambda line: request.param(root, line)


def test_verbs(complete: Callable[[str], set[str]]) -> None:
    """A verb is completed."""
    assert {"show", "simulate", "status"} <= complete("xelinkd s")


def test_flags(complete: Callable[[str], set[str]]) -> None:
    """A verb's flags are completed."""
    assert {"--config", "--format", "--ca-file"} <= complete("xelinkd status --")


def test_flags_of_intels_sidecar(complete: Callable[[str], set[str]]) -> None:
    """The flags of Intel's sidecar are completed, without any verb."""
    assert {"-lane-count", "-label-namespace"} <= complete("xelinkd -la")


def test_values(complete: Callable[[str], set[str]]) -> None:
    """The words that a flag takes are completed."""
    assert {"text", "labels", "json"} <= complete("xelinkd show --format ")
