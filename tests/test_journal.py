"""The journal's native protocol, as a journal hears it."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.daemon import PATIENCE

from xelinkd.journal import entry, is_behind, send

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENT = {"time": "2027-01-15T08:00:00Z", "level": "warning", "process": "writer", "event": "link_lost"}


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    """Give a socket as journald's."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.settimeout(PATIENCE)
        made.bind(str(tmp_path / "socket"))
        yield made


def fields(content: bytes) -> list[tuple[str, str]]:
    """Read an entry as journald does."""
    found = []
    while content:
        line, _, content = content.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (size,) = struct.unpack("<Q", content[:8])
            value, content = content[8 : 8 + size], content[8 + size + 1 :]
        found.append((name.decode(), value.decode()))
    return found


def test_fields_can_be_filtered_by() -> None:
    """Each field is there under its name in capitals, each item of a list on its own."""
    event = {**EVENT, "count": 2, "links": ["0.0-1.0", "0.1-1.1"], "file": Path("/f"), "lacking": []}
    assert fields(entry(event)) == [
        ("MESSAGE", "link_lost count=2 links=0.0-1.0,0.1-1.1 file=/f lacking="),
        ("PRIORITY", "4"),
        ("SYSLOG_IDENTIFIER", "xelinkd"),
        ("XELINKD_PROCESS", "writer"),
        ("XELINKD_EVENT", "link_lost"),
        ("XELINKD_COUNT", "2"),
        ("XELINKD_LINKS", "0.0-1.0"),
        ("XELINKD_LINKS", "0.1-1.1"),
        ("XELINKD_FILE", "/f"),
    ]


def test_long_lists_cost_no_entry() -> None:
    """Of a list that has more items than an entry may have fields, the line for people has all."""
    found = fields(entry({**EVENT, "links": [f"0.0-{n}.0" for n in range(5000)]}))
    assert len(found) < 1024
    assert found[0][1].endswith(",0.0-4999.0")


def test_line_breaks_make_no_fields() -> None:
    """What comes from outside cannot pass for a field of ours."""
    found = fields(entry({**EVENT, "detail": "nothing\nPRIORITY=0"}))
    assert [value for name, value in found if name == "PRIORITY"] == ["4"]
    assert ("XELINKD_DETAIL", "nothing\nPRIORITY=0") in found


def test_traceback_follows_the_line() -> None:
    """A fault in xelinkd shows whole where people read."""
    found = dict(
        fields(entry({**EVENT, "event": "worker_crashed", "worker": "x", "exception": "Trace\nback"}))
    )
    assert found["MESSAGE"] == "worker_crashed worker=x\nTrace\nback"
    assert found["XELINKD_EXCEPTION"] == "Trace\nback"


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (1.5, "1.5"), (None, "null"), ("odd\udcff", "odd?")]
)
def test_values_of_all_kinds(value: object, text: str) -> None:
    """Values are written as in JSON, texts as they are; bytes that are not UTF-8 show as a question mark."""
    assert ("XELINKD_VALUE", text) in fields(entry({**EVENT, "value": value}))


def test_entry_arrives_in_one_datagram(journald: socket.socket) -> None:
    """An entry of any process is whole, or not there."""
    send(b"MESSAGE=hello\n", journald.getsockname())
    assert journald.recv(4096) == b"MESSAGE=hello\n"


def test_large_entry_arrives_as_a_file(journald: socket.socket) -> None:
    """An entry that no datagram can hold is not lost, and the journal can trust that it does not change."""
    content = b"MESSAGE=" + b"x" * 5_000_000 + b"\n"
    send(content, journald.getsockname())
    payload, (descriptor,), *_ = socket.recv_fds(journald, 4096, 1)
    with os.fdopen(descriptor, "rb") as file:
        assert payload == b""
        file.seek(0)
        assert file.read() == content
        assert fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & fcntl.F_SEAL_WRITE


def test_journal_that_is_not_there(tmp_path: Path) -> None:
    """It is told when an entry could not be sent."""
    with pytest.raises(FileNotFoundError):
        send(b"MESSAGE=hello\n", str(tmp_path / "socket"))


def test_journal_that_never_reads(journald: socket.socket) -> None:
    """It is told soon when nobody takes entries."""
    address = journald.getsockname()
    assert any(not is_taken(address) for _ in range(10_000))


def is_taken(address: str) -> bool:
    """Tell whether an entry could be sent."""
    try:
        send(b"MESSAGE=hello\n", address)
    except BlockingIOError:
        return False
    return True


def test_only_the_stream_that_systemd_names_is_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A standard error that was sent elsewhere is written to."""
    file, other = (os.open(tmp_path / name, os.O_CREAT | os.O_RDWR) for name in ("file", "other"))
    found = os.fstat(file)
    monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
    assert is_behind(file)
    assert not is_behind(other)
    monkeypatch.delenv("JOURNAL_STREAM")
    assert not is_behind(file)
    os.close(file)
    os.close(other)
