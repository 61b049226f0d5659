"""A really booted systemd, in a container of its own: booting it, working inside, ending it."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from support.daemon import children, comm, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LANDLOCK: Final = "landlock_create_ruleset landlock_add_rule landlock_restrict_self"
BOOT: Final = 60.0  # seconds, on a busy machine
_CGROUPS: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Machine:
    """The container; `leader` is its process 1, as the process id outside."""

    leader: int

    def run(
        self, *command: str, check: bool = True, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, and give what it printed."""
        entering = ["nsenter", f"--target={self.leader}", "--all", *command]
        done = subprocess.run(
            entering, input=stdin, capture_output=True, timeout=120, check=False, env=env or {"PATH": _PATH}
        )
        text = subprocess.CompletedProcess(
            command, done.returncode, done.stdout.decode(), done.stderr.decode()
        )
        if check and text.returncode:
            raise AssertionError(f"{command}: {text.returncode}\n{text.stdout}{text.stderr}")
        return text

    def write(self, path: str | Path, text: str) -> None:
        """Write a file inside, with its folders; it is there as a whole or not at all."""
        write = 'mkdir -p "${1%/*}" && cat >"$1.new" && mv "$1.new" "$1"'
        self.run("sh", "-c", write, "sh", str(path), stdin=text.encode())

    def read(self, path: str | Path) -> str:
        """Read a file inside; nothing where there is none."""
        return self.run("cat", str(path), check=False).stdout


_PATH: Final = "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


@contextmanager
def booted(root: Path, binds: Mapping[Path, str]) -> Iterator[Machine]:
    """Boot the systemd in a folder, over an overlay that is thrown away; folders of ours are seen inside."""
    with ExitStack() as stack:
        name = os.environ["XELINKD_E2E_NAME"]
        tree = stack.enter_context(_mounted(root, name))
        stack.enter_context(_cgroups(name))
        process = stack.enter_context(_container(name, tree, binds))
        machine = Machine(wait_until(lambda: _first_process(process.pid), "the container's first process"))
        wait_until(lambda: _is_up(machine), "the boot", BOOT)
        yield machine


def _first_process(container: int) -> int | None:
    return next((child for child in children(container) if comm(child) == "systemd"), None)


def _is_up(machine: Machine) -> bool:
    state = machine.run("systemctl", "is-system-running", check=False).stdout.strip()
    return state in {"running", "degraded"}


@contextmanager
def _mounted(root: Path, name: str) -> Iterator[Path]:
    """Give the folder without what is mounted below it: that is the container's own business."""
    tree = Path("/tmp", name)
    tree.mkdir(mode=0o700)
    subprocess.run(["mount", "--bind", root, tree], check=True)
    try:
        yield tree
    finally:
        subprocess.run(["umount", tree], check=True)
        tree.rmdir()


@contextmanager
def _cgroups(name: str) -> Iterator[None]:
    """Have a control group for the container: one in each of systemd's own hierarchies."""
    groups = [place / name for place in _hierarchies()]
    for group in groups:
        group.mkdir()
    try:
        yield
    finally:
        for group in groups:
            for folder in sorted(group.rglob("*/"), reverse=True):
                folder.rmdir()
            group.rmdir()


def _hierarchies() -> list[Path]:
    """Give where systemd keeps its groups: of old in two hierarchies, now in the one that there is."""
    of_old = [_CGROUPS / name for name in ("systemd", "unified") if (_CGROUPS / name).is_dir()]
    return of_old or [_CGROUPS]


@contextmanager
def _container(name: str, tree: Path, binds: Mapping[Path, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        "systemd-nspawn",
        *("--machine", name, "--directory", str(tree)),
        *("--register=no", "--keep-unit", "--boot", "--volatile=overlay", "--private-network"),
        f"--system-call-filter={LANDLOCK}",
        *(f"--bind-ro={ours}:{theirs}" for ours, theirs in binds.items()),
        "systemd.unit=basic.target",
    ]
    procs = " ".join(f"{place}/{name}/cgroup.procs" for place in _hierarchies())
    entering = f'for procs in {procs}; do echo $$ >"$procs"; done; exec "$@"'
    process = subprocess.Popen(
        ["sh", "-c", entering, "sh", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the container; with its first process all others end."""
    leaders = children(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        for leader in leaders:
            with suppress(ProcessLookupError):
                os.kill(leader, signal.SIGKILL)
        process.kill()
        process.wait()
