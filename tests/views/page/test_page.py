"""The page, as bytes: what it tells, and that nothing from outside becomes a part of it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from support.machines import never_known, unknown_now, watched
from support.states import GOOD, SUPERVISION, changed, replace

from xelinkd.model.topology import Tile, Topology
from xelinkd.model.unknown import Reason
from xelinkd.simulator.machine import mesh, parse_machine
from xelinkd.state.history import Event, History, Kind, noted
from xelinkd.state.told import Ended, Fault, Ignorance, Output, Process, Setting, UnitState
from xelinkd.views.page.page import CONTENT_SECURITY_POLICY, document

if TYPE_CHECKING:
    from xelinkd.state.told import State

VOID = {"meta", "link"}
MACHINE = parse_machine("8x-max1550")
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=y>]]>\x00\x1b\udc80\u202e&lt;"


class Document(HTMLParser):
    """A page as a parser sees it: its elements with their attributes, its words, what is open at the end."""

    def __init__(self, content: bytes) -> None:
        """Read it."""
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in an element."""
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Hold that elements close in order."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take in words."""
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words."""
        return " ".join("".join(self.words).split())


def told_of(state: State) -> str:
    """Give all that the page tells."""
    return Document(document(state)).text


@pytest.mark.parametrize("state", [watched(MACHINE, "0.0-3.0"), unknown_now(GOOD), never_known()])
def test_elements_close_in_order(state: State) -> None:
    """Browsers and readers agree on what belongs together."""
    assert Document(document(state)).open == []


def test_it_tells_the_state_in_words() -> None:
    """Links, lease, checks, matrix, labels, processes and configuration are all on the page."""
    text = told_of(watched(MACHINE, "0.0-3.0"))
    for words in (
        "55 links, confirmed 5 s ago.",
        "1 link is missing: 0.0-3.0.",
        "supervisor: awake 1 s ago",
        "07:50:00 UTC (10 min ago)link 0.0-3.0 lost",
        "0.0-3.0407:50:00 UTC (10 min ago)",  # the table of missing links
        "gpu.intel.com/xe-links2Z",
        "55 links in 8 labels",
        "Kubernetes takes at most 63 characters",
        "0.0-1.0_0.0-2.0_0.0-4.0_0.0-5.0_0.0-6.0_0.0-7.0_0.1-1.1_0.1-2.1_",  # joined
        'source.interval"10s"default',
        "LandlockABI 6",
        "xelinkd 0.1.0, started 06:20:00 UTC",
    ):
        assert words in text, words


def test_faults_are_told() -> None:
    """A refused file, ended workers, a waiting login and a failing feature file are all told."""
    text = told_of(_troubled("refused & told"))
    assert text.count("refused & told") >= 12
    assert "What the file says now cannot be used" in text
    assert "3 in a row" in text
    assert "refused, or perhaps refused: the next fetch waits" in text
    assert "Ready: fails" in text


def test_outputs_are_on_the_page() -> None:
    """Whoever waits for a file sees when it was written, or why not; who has none configured sees none."""
    outputs = (
        Output("slurm", "/srv/gres.conf", writes=2, written_at=9_000.0),
        Output("json", "/srv/x.json", errors=5, fault=Fault("Permission denied", 9_900.0)),
    )
    text = told_of(replace(GOOD, keeping=changed(GOOD.keeping, outputs=outputs)))
    assert "/srv/gres.confslurm07:43:20 UTC (16 min 40 s ago)2none" in text
    assert "/srv/x.jsonjsonnot since xelinkd started0✕Permission denied, since 07:58:20 UTC" in text
    assert "Outputs" not in told_of(GOOD)


def test_an_unknown_topology_is_no_empty_matrix() -> None:
    """Nowhere on the page does an unknown topology look like a machine without links."""
    text = told_of(never_known())
    assert text.count("The topology is unknown") >= 3
    assert "0 links" not in text.replace("no links", "")
    assert "No labels are held." in text


def test_a_machine_without_links_has_labels_that_say_so() -> None:
    """A machine without links is told as one, with its empty label."""
    text = told_of(watched(mesh(1, 2)))
    assert "0 links, confirmed 5 s ago." in text
    assert "(empty: no links)" in text


def test_labels_that_leave_links_out_say_why() -> None:
    """Whoever wonders where a link is finds the keys that decide."""
    text = told_of(watched(mesh(2, 2, lanes=2)))
    assert "0 links in 1 label (2 left out, see labels.min_lanes and labels.allow_subdeviceless)" in text


def test_many_changes_unfold() -> None:
    """The last changes are seen at once, and the older ones are a click away."""
    history = History()
    for number in range(30):
        history = noted(history, Kind.SOURCE_BACK, 9_000.0 + number)
    content = document(replace(GOOD, history=history))
    assert b"<summary>18 earlier changes</summary>" in content
    assert content.count(b"topology known again") == 30


def test_nothing_from_outside_becomes_markup() -> None:
    """Whatever a page, a path, a label or an error says, the page's elements stay what they are."""
    harmless, hostile = Document(document(_troubled("x"))), Document(document(_troubled(HOSTILE)))
    assert hostile.elements == harmless.elements
    assert "script" not in {tag for tag, _ in hostile.elements}
    assert hostile.text.count("<script>alert(1)</script>") >= 12
    assert not {"\x00", "\x1b", "\udc80", "\u202e"} & set(hostile.text)


def test_no_element_acts_or_loads() -> None:
    """The page runs nothing, sends nothing, loads nothing; its policy says the same to the browser."""
    found = Document(document(watched(MACHINE)))
    names = {tag for tag, _ in found.elements}
    assert not names & {"script", "img", "iframe", "object", "form", "input", "button", "base", "video"}
    attributes = {name for _, names in found.elements for name in names}
    assert not [name for name in attributes if name.startswith("on") or name in {"style", "src", "srcset"}]
    assert "script-src" not in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY


def test_what_was_last_known_is_said_to_be_past() -> None:
    """While the source fails, drawing and matrix say of when they are."""
    text = told_of(unknown_now(watched(MACHINE)))
    assert text.count("This is what was last seen 07:54:50 UTC.") >= 2


def test_a_long_list_of_missing_links_ends() -> None:
    """A node that lost all links has a page that can still be read."""
    machine = mesh(16, 1)
    text = told_of(watched(machine, *map(str, machine.links)))
    assert "120 links are missing:" in text
    assert "20 more are in the JSON." in text


def test_a_machine_that_cannot_be_does_not_swell_the_page() -> None:
    """A page made up to be huge costs a sentence."""
    tiles = tuple(Tile(device, 0) for device in range(50_000))
    content = document(replace(GOOD, history=History(Topology(tiles, ()))))
    assert len(content) < 40_000
    assert b"it has 50000 GPUs" in content


def _troubled(text: str) -> State:
    """Give a state in which everything that can be any text is this text."""
    configuration = changed(
        SUPERVISION.configuration,
        path=text,
        digest=text,
        settings=(Setting(text, text, text),),
        problems=(text,),
    )
    supervision = changed(
        SUPERVISION,
        version=text,
        processes=(Process(text, 7, 4_000.0),),
        units=(UnitState(text, text, 3, is_failing=True), *SUPERVISION.units),
        ended=(Ended(text, text, 2, 9_000.0),),
        configuration=configuration,
        sink=text,
        place=text,
        source=text,
        lacking=(text,),
    )
    keeping = changed(
        GOOD.keeping,
        ignorance=Ignorance(Reason.REFUSED, text, 9_000.0),
        lines=(f"{text}={text}", f"{text}2=Z{text}"),
        fault=Fault(text, 9_000.0),
        outputs=(Output(text, text, fault=Fault(text, 9_000.0)),),
    )
    events = tuple(Event(kind, 9_000.0, text, text) for kind in Kind)
    return replace(
        GOOD,
        supervision=supervision,
        keeping=keeping,
        history=History(events=events),
        fetching=changed(GOOD.fetching, waits_for_login=True, oddities=(text,)),
    )
