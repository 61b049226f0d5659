"""The summary among the labels, wherever people see them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from support.states import GOOD, KEEPING, changed, replace

from xelinkd.config.schema import Labels
from xelinkd.model.labels import label_lines
from xelinkd.model.page import read_page
from xelinkd.model.summary import GROUP_UNKNOWN
from xelinkd.simulator.machine import mesh
from xelinkd.simulator.page import render
from xelinkd.views.documents.status_json import document
from xelinkd.views.page.page import document as page
from xelinkd.views.terminal.changes import changes
from xelinkd.views.terminal.look import PLAIN
from xelinkd.views.terminal.status_text import as_lines

if TYPE_CHECKING:
    from xelinkd.state.told import State


def _labelled(gpus: int, *, summary: bool = True) -> State:
    topology = read_page(render(mesh(gpus, 1))).topology
    rules = Labels(allow_subdeviceless=True, summary=summary)
    return replace(GOOD, keeping=changed(KEEPING, lines=label_lines(topology, rules)))


SUMMED = _labelled(4)
TOO_MANY = _labelled(65)
BARE = _labelled(4, summary=False)


def _page(state: State) -> str:
    return re.sub(r"<[^>]*>", "", page(state).decode())


def _status(state: State) -> str:
    return PLAIN.text(as_lines(document(state), "http://x", PLAIN))


def _change(before: State, after: State) -> list[str]:
    return [change.detail for change in changes(document(before), document(after))]


def test_links_are_counted_without_it() -> None:
    """The summary adds labels, and no links: every number of links stays what it is without it."""
    assert document(SUMMED).labels.links == document(BARE).labels.links
    assert "6 links in 1 label" in _page(SUMMED)
    assert "6 links in 1 label" in _status(SUMMED)


def test_it_is_shown() -> None:
    """People find the summary's labels on the page and at the terminal, programs in the JSON."""
    assert "gpu.intel.com/xelink-largest-group" in _page(SUMMED)
    assert "4 labels more (labels.summary) tell what they add up to." in _page(SUMMED)
    assert "xelink-count=6, xelink-min-lanes=4, xelink-largest-group=4, xelink-all-linked=true" in _status(
        SUMMED
    )
    assert document(SUMMED).labels.lines[1] == "gpu.intel.com/xelink-count=6"


def test_nothing_is_shown_without_it() -> None:
    """Whoever did not ask for a summary never reads of one."""
    assert "xelink-" not in _page(BARE) + _status(BARE)
    assert "labels.summary" not in _page(BARE)


def test_a_group_that_is_left_out_is_said() -> None:
    """Unknown is not a number, and is not silence either."""
    for text in (_page(TOO_MANY), _status(TOO_MANY)):
        assert GROUP_UNKNOWN in text
    assert GROUP_UNKNOWN not in _page(SUMMED) + _status(SUMMED)


def test_changes() -> None:
    """`watch` tells which labels of the summary are new, and that it went."""
    assert _change(SUMMED, BARE) == ["6 -> 6 links; no summary any more"]
    assert _change(SUMMED, _labelled(3)) == ["6 -> 3 links; xelink-count=3, xelink-largest-group=3"]
    assert _change(BARE, SUMMED)[0].startswith("6 -> 6 links; xelink-count=6, xelink-min-lanes=4, ")
