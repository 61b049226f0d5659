"""The status of a running xelinkd, as whoever listens at its address may tell it."""

from __future__ import annotations

from typing import Final

from fuzzing.target import Target
from xelinkd.model.lease import Instant
from xelinkd.model.topology import Sighting, Tile, Topology
from xelinkd.state.history import NO_HISTORY, seen
from xelinkd.state.told import (
    Configuration,
    Ended,
    Fetching,
    Keeping,
    Process,
    Setting,
    State,
    Supervision,
    Timing,
    UnitState,
)
from xelinkd.views.documents.status_document import NoDocumentError, read
from xelinkd.views.documents.status_json import render
from xelinkd.views.terminal.changes import change_line, changes
from xelinkd.views.terminal.look import PLAIN
from xelinkd.views.terminal.status_text import as_lines


def check(data: bytes) -> None:
    """Read a document, show it, and tell what changed to it and from it."""
    try:
        document = read(data)
    except NoDocumentError:
        return
    known = read(_SEED)
    told = (*changes(known, document), *changes(document, known))
    lines = (*as_lines(document, "http://127.0.0.1:29998", PLAIN), *map(change_line, told))
    assert all(PLAIN.line(line).isprintable() for line in lines)


def _topology(links: int) -> Topology:
    tiles = tuple(Tile(device, 0) for device in range(4))
    ends = [(tiles[0], tiles[1]), (tiles[2], tiles[3])][:links]
    return Topology(tiles, tuple(Sighting(a, b, 8, on_subdevice=True) for a, b in ends))


_SEED: Final = render(
    State(
        Instant(1000.0, 1.8e9),
        999.0,
        Supervision(
            version="1",
            started_at=1.0,
            processes=(Process("fetcher", 2, 1.0),),
            units=(UnitState("pipeline", "waiting", 1, is_failing=True),),
            ended=(Ended("fetcher", "signal 9", 1, 2.0),),
            configuration=Configuration("/c", "a", (Setting("a.b", "1", "file"),), 1.0, problems=("x",)),
            timing=Timing(10.0, 5.0, 100.0, 30.0, 30.0),
            sink="feature-file",
            place="/f",
            source="http://h/",
            landlock_abi=1,
            lacking=("x",),
        ),
        Fetching(oddities=("x",)),
        Keeping(known_at=1.0, lines=("a/xe-links=0.0-1.0",), end=2000.0),
        seen(seen(NO_HISTORY, _topology(2), 1.0), _topology(1), 2.0),
    )
)

TARGET: Final = Target(
    check,
    seeds=[_SEED, b"", b"{}"],
    words=[
        *(b"null", b"true", b"false", b"[]", b"{}", b"[null]", b'""', b"-1", b"1e308", b"9" * 19, b","),
        *(b'"\\u001b[2J"', b'"\\u202e"', b'"\\n"', b'"', b"\xff", b'"link_lost"', b'"x":', b"\\ud800"),
    ],
    max_size=8192,
    full_size=1024 * 1024,
)
