"""What `xelinkd doctor` says of the files for other programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.states import KEEPING, changed, replace

from xelinkd.cli.doctor.finding import Outcome
from xelinkd.state.told import Fault, Output

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.chain import Chain

    from xelinkd.cli.doctor.finding import Finding


def found_with(chain: Chain, *files: Path, told: tuple[Output, ...] = ()) -> Finding:
    """Walk along the chain with outputs as JSON, of which the running xelinkd tells this."""
    chain.configure()
    sections = (f'[[outputs]]\nformat = "json"\nfile = {json.dumps(str(file))}\n' for file in files)
    chain.config.write_text(chain.config.read_text() + "\n" + "\n".join(sections))
    chain.service.state = replace(chain.service.state, keeping=changed(KEEPING, outputs=told))
    return chain.findings()["outputs"]


def test_none_are_configured(chain: Chain) -> None:
    """Who has no outputs reads that, and nothing is broken."""
    assert found_with(chain).found == "none are configured"


def test_each_that_is_well_is_named(chain: Chain) -> None:
    """A file that was written is told with its moment, one that is to come as such."""
    written, coming = chain.folder / "written.json", chain.folder / "coming.json"
    finding = found_with(chain, written, coming, told=(Output("json", str(written), written_at=9_000.0),))
    assert finding.outcome is Outcome.WELL
    assert finding.found == (
        f"{written} (json), last written 2027-01-15T07:43:20Z; {coming} (json), comes with the first topology"
    )


def no_folder(folder: Path) -> Path:
    """Name a file in a folder that is not there."""
    return folder / "nowhere" / "x.json"


def foreign(folder: Path) -> Path:
    """Have somebody else's file there."""
    (folder / "x.json").write_text("mine")
    return folder / "x.json"


@pytest.mark.parametrize(
    ("make", "found", "advice"),
    [
        (no_folder, "there is no folder", "make it, and let the user of xelinkd write there"),
        (foreign, "x.json is a file that xelinkd did not write", "find out whose it is"),
    ],
)
def test_what_is_wrong_is_said(chain: Chain, make: Callable[[Path], Path], found: str, advice: str) -> None:
    """Each thing that keeps a file from being right has its words, and an advice."""
    finding = found_with(chain, make(chain.folder))
    assert finding.outcome is Outcome.BROKEN
    assert found in finding.found
    assert finding.advice.startswith(advice)


def test_two_with_one_place(chain: Chain) -> None:
    """Two outputs that a symbolic link leads to one file are told by both names."""
    (chain.folder / "by").symlink_to(chain.folder)
    finding = found_with(chain, chain.folder / "x.json", chain.folder / "by" / "x.json")
    assert finding.outcome is Outcome.BROKEN
    assert finding.found.startswith(f"{chain.folder}/by/x.json is {chain.folder}/x.json, by way of")


def test_what_the_running_xelinkd_says(chain: Chain) -> None:
    """What only the running xelinkd can see, such as its sandbox, is told with since when."""
    file = chain.folder / "x.json"
    told = Output("json", str(file), fault=Fault("Read-only file system", 9_900.0))
    finding = found_with(chain, file, told=(told,))
    assert finding.outcome is Outcome.BROKEN
    assert finding.found == (
        f"{file}: the running xelinkd says since 2027-01-15T07:58:20Z: Read-only file system"
    )
