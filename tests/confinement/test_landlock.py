"""Landlock as older kernels know it: the best available is used, and nothing that works is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support import prepared
from support.ports import free_port

from xelinkd.confinement.confine import lacking
from xelinkd.confinement.landlock import NEWEST_ABI, available_abi

if TYPE_CHECKING:
    from pathlib import Path

CONFINED = """
import json, sys
from pathlib import Path
from support.inside import outcome
from xelinkd.confinement.landlock import IOCTL_DEV, READ, WRITE, restrict
from xelinkd.confinement.privileges import forgo_new_privileges
abi, mine, port, acts = json.loads(sys.argv[1])
forgo_new_privileges()
restrict(abi, WRITE | IOCTL_DEV, [(Path(mine), READ | WRITE), (Path("/not/there"), WRITE)], [80], [port])
print(json.dumps([outcome(*act) for act in acts]))
"""


def confined(abi: int, mine: Path, port: int, *acts: tuple[str, Any]) -> list[str]:
    """Act in a process that may write in `mine` and listen on a port, as a kernel with this ABI holds it."""
    words = json.dumps([abi, str(mine), port, acts])
    status, output, errors = prepared.run("-c", CONFINED, words)
    assert status == 0, errors.decode()
    outcomes: list[str] = json.loads(output)
    return outcomes


@pytest.mark.skipif(available_abi() < NEWEST_ABI, reason="an older kernel can only be played by a newer one")
@pytest.mark.parametrize("abi", range(1, NEWEST_ABI + 1))
def test_each_kernel_holds_what_it_knows(tmp_path: Path, abi: int) -> None:
    """Every kernel with Landlock refuses writes elsewhere; truncating, TCP and signals where it can."""
    mine, other = tmp_path / "mine", tmp_path / "other"
    (mine / "sub").mkdir(parents=True)
    other.mkdir()
    (other / "file").write_text("there")
    port = free_port()
    outcomes = confined(
        abi,
        mine,
        port,
        ("write", str(mine / "file")),
        ("write", str(other / "new")),
        ("rename", [str(mine / "file"), str(mine / "sub/file")]),
        ("truncate", str(other / "file")),
        ("bind", port),
        ("bind", 0),
        ("signal supervisor", 0),
    )
    refused = [outcome != "done" for outcome in outcomes]
    assert refused == [False, True, abi < 2, abi >= 3, False, abi >= 4, abi >= 6]


def test_what_a_kernel_lacks_is_said() -> None:
    """The log tells in sentences what this kernel cannot hold, and nothing where it can hold everything."""
    assert lacking(NEWEST_ABI) == []
    assert [len(lacking(abi)) for abi in range(NEWEST_ABI + 1)] == [6, 5, 4, 3, 2, 1, 0]
    assert lacking(0)[0].startswith("there is no Landlock")
