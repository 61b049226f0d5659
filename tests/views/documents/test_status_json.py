"""`/status.json`, from a state to JSON and back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from support.states import FETCHING, GOOD, KEEPING, LINKED, NOW, SUPERVISION, changed, replace, topology

from xelinkd.model.unknown import Reason
from xelinkd.state.history import NO_HISTORY, Kind, noted, seen
from xelinkd.state.told import Ended, Fault, Ignorance, Output, State
from xelinkd.views.documents.status_document import Document, NoDocumentError, read
from xelinkd.views.documents.status_json import document, render
from xelinkd.views.terminal.look import PLAIN
from xelinkd.views.terminal.status_text import as_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[3] / "docs" / "status-json.md").read_text()
LOST = seen(seen(NO_HISTORY, LINKED, 9_000.0), topology([(0, 1), (0, 2)]), 9_400.0)
BAD = replace(
    GOOD,
    fetching=changed(FETCHING, unknown={Reason.HTTP_STATUS: 3}, waits_for_login=True, oddities=("a gap",)),
    keeping=changed(
        KEEPING,
        ignorance=Ignorance(Reason.HTTP_STATUS, "status 500", 9_900.0),
        fault=Fault("No space left on device", 9_950.0),
        outputs=(
            Output("slurm", "/srv/gres.conf", writes=2, written_at=9_000.0),
            Output("json", "/srv/x.json", errors=5, fault=Fault("Permission denied", 9_900.0)),
        ),
    ),
    history=noted(LOST, Kind.SOURCE_FAILING, 9_900.0, "http_status", "status 500"),
    supervision=changed(SUPERVISION, ended=(Ended("fetcher", "signal SIGKILL", 2, 9_000.0),)),
)
NOTHING_YET = replace(GOOD, keeping=changed(KEEPING, known_at=None, lines=(), end=None), history=NO_HISTORY)


@pytest.mark.parametrize("state", [GOOD, BAD, NOTHING_YET], ids=["good", "bad", "nothing yet"])
def test_what_is_written_can_be_read(state: State) -> None:
    """Programs that use the same types get back what was put in."""
    content = render(state)
    assert content.endswith(b"}\n")
    assert content.count(b"\n") == 1
    assert read(content) == document(state)


def test_moments_are_wall_time() -> None:
    """Moments of boot time, which mean nothing elsewhere, come as RFC 3339 and as spans."""
    shown = document(BAD)
    assert (shown.time, shown.source.unknown_since) == ("2027-01-15T08:00:00Z", "2027-01-15T07:58:20Z")
    assert (shown.source.unknown_seconds, shown.labels.lease.left_seconds) == (100.0, 86_395.0)


def test_a_link_that_is_lost_is_missing_and_an_event() -> None:
    """Whoever looks later sees what was lost, and when."""
    shown = document(BAD)
    assert shown.topology
    assert [(link.tiles, link.lanes, link.missing_seconds) for link in shown.topology.missing] == [
        (("1.0", "2.1"), 8, 600.0),
        (("1.1", "2.0"), 8, 600.0),
    ]
    assert [(event.event, event.subject) for event in shown.events] == [
        ("link_lost", "1.0-2.1"),
        ("link_lost", "1.1-2.0"),
        ("source_failing", "http_status"),
    ]
    assert [gpu.linked_to for gpu in shown.topology.gpus] == [(1, 2), (0,), (0,)]


def test_outputs_are_told_each_for_itself() -> None:
    """Whoever waits for a file learns when it was written, or why not and since when."""
    written, failing = document(BAD).outputs
    assert (written.file, written.writes, written.written_at, written.error) == (
        "/srv/gres.conf",
        2,
        "2027-01-15T07:43:20Z",
        None,
    )
    assert (failing.error, failing.failing_since) == ("Permission denied", "2027-01-15T07:58:20Z")
    shown = PLAIN.text(as_lines(document(BAD), "http://127.0.0.1", PLAIN))
    assert "output    /srv/gres.conf (slurm)\n          last written 2027-01-15T07:43:20Z, 2 writes" in shown
    assert "output    /srv/x.json (json)\n          Permission denied, since 2027-01-15T07:58:20Z\n" in shown


def test_links_that_no_label_has_are_told_apart() -> None:
    """A link that is left out of the labels is not taken for a labelled one."""
    lines = ("gpu.intel.com/xe-links=0.0-1.1",)
    shown = document(replace(GOOD, keeping=changed(KEEPING, lines=lines))).topology
    assert shown
    assert [link.tiles for link in shown.links if link.labelled] == [("0.0", "1.1")]


def test_unknown_is_not_no_links() -> None:
    """Before the first observation there is no topology, which is another thing than an empty one."""
    assert document(NOTHING_YET).topology is None
    assert not document(NOTHING_YET).source.known


def test_fields_of_later_versions_are_passed_over() -> None:
    """An older xelinkd can ask a newer one."""
    later = msgspec.json.encode({**msgspec.json.decode(render(GOOD)), "weather": "fine"})
    assert read(later) == document(GOOD)


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b'{"version": 2}', b"[" * 100_000, b'"\xff"'])
def test_what_is_no_document_is_told(content: bytes) -> None:
    """What another program serves there is not taken for a status."""
    with pytest.raises(NoDocumentError):
        read(content)


def test_a_fetcher_that_lies_breaks_nothing() -> None:
    """Whatever a fetcher that was taken over tells, the rest of the status is served."""
    lies = changed(FETCHING, began_at=1e15, ended_at=0.0, page_bytes=2**62, known=2**62)
    huge = topology([(0, 1), (0, 2)], lanes=2**64 - 1)
    state = replace(GOOD, fetching=lies, history=seen(NO_HISTORY, huge, NOW.boot))
    assert read(render(state)).fetches.began_at == "9999-12-31T23:59:59Z"


def fields(struct: type[msgspec.Struct], before: str = "") -> Iterator[str]:
    """Name all fields of a document as its description does."""
    for field in msgspec.structs.fields(struct):
        yield from field_names(field.type, f"{before}{field.name}")


def field_names(kind: Any, name: str) -> Iterator[str]:  # noqa: ANN401  an annotation
    """Name a field, and those inside it."""
    inner = msgspec.inspect.type_info(kind)
    options = inner.types if isinstance(inner, msgspec.inspect.UnionType) else (inner,)
    for option in options:
        if isinstance(option, msgspec.inspect.StructType):
            yield from fields(option.cls, f"{name}.")
        elif isinstance(option, msgspec.inspect.VarTupleType):
            yield from item_names(option.item_type, name)
        elif not isinstance(option, msgspec.inspect.NoneType):
            yield name


def item_names(item: msgspec.inspect.Type, name: str) -> Iterator[str]:
    """Name what is in each item of an array."""
    if isinstance(item, msgspec.inspect.StructType):
        yield from fields(item.cls, f"{name}[].")
    else:
        yield f"{name}[]"


def test_every_field_is_described() -> None:
    """Whoever reads the JSON finds every field in its description, and no other."""
    described = set(re.findall(r"^\| `([^`]+)` \|", PAGE.partition("## Events")[0], re.MULTILINE))
    same = {"live.checks[].": "ready.checks[].", "fetches.parsing_took.": "fetches.took."}
    shown = {
        next((there + name.removeprefix(here) for here, there in same.items() if name.startswith(here)), name)
        for name in fields(Document)
    }
    headings = {
        "feature_file",
        "live",
        "ready",
        "topology",
        "events[]",
        "live.checks[]",
        "fetches.took",
        "fetches.parsing_took",
    }
    assert described - headings == shown


def test_every_event_is_described() -> None:
    """Whoever finds an event finds what it means."""
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Events")[2], re.MULTILINE)) == set(Kind)
