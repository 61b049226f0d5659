"""docs/terminal.md, held against the program."""

from __future__ import annotations

import re
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.chain import Chain
from support.daemon import xelinkd
from support.pages import serving_page
from support.states import GOOD, KEEPING, NOW, changed, replace, topology
from support.status_server import serving_status

from xelinkd import __version__
from xelinkd.cli.doctor import cluster
from xelinkd.cli.doctor.finding import Outcome, lines
from xelinkd.cli.doctor.verb import STEPS, walk
from xelinkd.cli.main import VERBS
from xelinkd.model.lease import Instant
from xelinkd.model.unknown import Reason
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.page import render
from xelinkd.state.history import Kind, noted, seen
from xelinkd.state.told import Ignorance
from xelinkd.views.documents.status_json import document
from xelinkd.views.terminal.changes import WORDS, change_line, changes
from xelinkd.views.terminal.look import Look
from xelinkd.views.terminal.status_text import as_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "terminal.md").read_text()
LOOK = Look(signs=True)
URL = "http://127.0.0.1:29998"
LOST = replace(
    GOOD,
    history=seen(GOOD.history, topology([(0, 1), (0, 2)]), 9_940.0),
    keeping=changed(KEEPING, lines=("gpu.intel.com/xe-links=0.0-1.1_0.1-1.0_0.0-2.1_0.1-2.0",)),
)
FAILING = replace(
    LOST,
    history=noted(LOST.history, Kind.SOURCE_FAILING, 9_995.0, "http_status", "status 500"),
    keeping=changed(LOST.keeping, ignorance=Ignorance(Reason.HTTP_STATUS, "status 500", 9_995.0)),
)


def example(command: str) -> str:
    """Give what the page shows below a command."""
    return PAGE.partition(f"$ {command}\n")[2].partition("```")[0]


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """Give a node with Max 1100, on which xelinkd is not started yet."""
    with ExitStack() as stack:
        xpum = stack.enter_context(serving_page(render(parse_machine("4x-max1100"))))
        chain = Chain(tmp_path, xpum, stack.enter_context(serving_status()))
        chain.configure(status={"listen": "127.0.0.1:1"})
        yield chain


def test_example_of_show(tmp_path: Path) -> None:
    """The matrix is what the program prints."""
    (tmp_path / "plain.toml").touch()
    page = render(parse_machine("2x-max1550"))
    done = xelinkd("show", "--config", tmp_path / "plain.toml", "-", stdin=page)
    assert example("xelinkd show") == done.stdout


def test_example_of_status() -> None:
    """The status is what the program prints."""
    assert example("xelinkd status") == LOOK.text(as_lines(document(FAILING), URL, LOOK))


def test_example_of_watch() -> None:
    """The changes are what the program prints."""
    then = Instant(NOW.boot - 58.0, NOW.wall - 58.0)
    states = [document(state) for state in (GOOD, replace(LOST, now=then), FAILING)]
    told = [change for pair in pairwise(states) for change in changes(*pair)]
    assert example("xelinkd watch").partition("\n\n")[2] == LOOK.text(map(change_line, told))


def test_example_of_doctor(chain: Chain) -> None:
    """The findings are what the program prints."""
    told = LOOK.text(line for finding in walk(chain.load) for line in lines(finding, LOOK))
    for ours, shown in (
        (str(chain.features), "/etc/kubernetes/node-feature-discovery/features.d"),
        (str(chain.config), "/etc/xelinkd/xelinkd.toml"),
        (str(chain.xpum.server_port), "29999"),
        ("127.0.0.1:1:", "127.0.0.1:29998:"),
        (__version__, "0.1.0"),
    ):
        told = told.replace(ours, shown)
    assert example("xelinkd doctor").partition("\n\n")[0] + "\n" == told


def listed(heading: str) -> set[str]:
    """Give what a table of the page lists."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_change_is_described() -> None:
    """Whoever finds an event in the output of `watch` finds what it means."""
    assert listed("watch") == {"state", *WORDS}
    assert set(Kind) <= WORDS.keys()


def test_every_step_is_described() -> None:
    """Whoever finds a step or an outcome of the doctor finds what it means."""
    assert listed("doctor") == {*STEPS, *cluster.STEPS, *Outcome}


def test_every_verb_is_in_the_readme() -> None:
    """The table of verbs has them all."""
    rows = re.findall(r"^\| `xelinkd.* \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert set(re.findall(r"`xelinkd (\w+)", "\n".join(rows))) == VERBS.keys()
