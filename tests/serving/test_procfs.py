"""What the kernel counts of a process, read as the status process may."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.daemon import comm, wait_until

from xelinkd.confinement.landlock import available_abi
from xelinkd.serving.procfs import figures_of
from xelinkd.state.told import Process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.state.figures import Figures

ODD_NAME = "a) R 1 2 (b"  # the kernel writes it as it is between parentheses
KERNEL = tuple(int(number) for number in os.uname().release.split(".")[:2])

CONFINED = """
import json, msgspec, os
from functools import partial
from pathlib import Path
from xelinkd.confinement.confine import confine
from xelinkd.confinement.privileges import forgo_new_privileges
from xelinkd.confinement.promises import Promise
from xelinkd.serving.procfs import figures_of
from xelinkd.state.told import Process

forgo_new_privileges()
confine(Promise(reads=(Path("/proc"),)))
processes = [Process("parent", os.getppid(), 0.0), Process("self", os.getpid(), 0.0)]
print(json.dumps({name: msgspec.structs.asdict(found) for name, found in figures_of(processes).items()}))
"""


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Give a process with a name that looks like more fields."""
    program = tmp_path / ODD_NAME
    program.symlink_to("/bin/sleep")
    with subprocess.Popen(["/bin/sleep", "60"], executable=program) as process:
        wait_until(lambda: comm(process.pid) == ODD_NAME, "the program")
        yield process
        process.kill()


def of_pid(pid: int) -> Figures | None:
    """Give the figures of one process."""
    return figures_of([Process("it", pid, 0.0)]).get("it")


def test_figures_are_those_of_the_process() -> None:
    """An operator sees what a process takes: processor time and memory, in base units."""
    found = of_pid(os.getpid())
    times = os.times()
    status = Path("/proc/self/status").read_text()
    resident = 1024 * int(status.partition("VmRSS:")[2].split()[0])
    assert found is not None
    assert found.cpu_seconds == pytest.approx(times.user + times.system, abs=0.5)
    assert found.resident_bytes == pytest.approx(resident, rel=0.2)


@pytest.mark.skipif(KERNEL < (6, 2), reason="this kernel does not count descriptors (Linux 6.2)")
def test_open_files_are_counted(sleeper: subprocess.Popen[bytes]) -> None:
    """An operator sees how many descriptors a process has."""
    # Not our own: a thread that waits in accept(), of another test, has one reserved: counted, not listed.
    # And once it sleeps: while it starts, it opens its libraries between the two looks.
    wait_until(partial(_counts_what_is_listed, sleeper.pid), "as many descriptors as are listed")


def _counts_what_is_listed(pid: int) -> bool:
    found = of_pid(pid)
    return found is not None and found.open_files == len(list(Path(f"/proc/{pid}/fd").iterdir())) > 0


def test_odd_name_does_not_shift_the_fields(sleeper: subprocess.Popen[bytes]) -> None:
    """A process's name cannot make its figures those of other fields."""
    found = of_pid(sleeper.pid)
    assert found is not None
    assert found.cpu_seconds < 10


def test_process_that_ended_is_left_out(sleeper: subprocess.Popen[bytes]) -> None:
    """A worker that was just replaced does not take the page of metrics away."""
    sleeper.kill()
    sleeper.wait()
    assert of_pid(sleeper.pid) is None


@pytest.mark.skipif(available_abi() == 0, reason="this kernel has no Landlock")
def test_confined_process_sees_its_siblings() -> None:
    """The status process is confined, and still sees what the whole tree takes."""
    command = [sys.executable, "-c", CONFINED]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    assert found.keys() == {"parent", "self"}
    unconfined = of_pid(os.getpid())
    assert unconfined is not None
    assert found["parent"]["resident_bytes"] == pytest.approx(unconfined.resident_bytes, rel=0.2)
    assert (found["parent"]["open_files"] is None) == (unconfined.open_files is None)
