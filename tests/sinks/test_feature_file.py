"""The feature file on disk, as Node Feature Discovery and others on the node see it."""

from __future__ import annotations

import ctypes
import os
import resource
import stat
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from xelinkd import logs
from xelinkd.config.schema import Log
from xelinkd.model.feature_file import MAX_SIZE, FeatureFile, TooLargeError, render
from xelinkd.sinks.feature_file import FeatureFileSink
from xelinkd.sinks.sink import Absent, Foreign, Ours
from xelinkd.sinks.whole_file import read_at_once, replace_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_EVENTS = {
    0x2: "modify",
    0x4: "attrib",
    0x8: "close_write",
    0x40: "moved_from",
    0x80: "moved_to",
    0x100: "create",
    0x200: "delete",
}
_OURS = FeatureFile(("gpu.intel.com/xe-links=0.0-1.0",), 1_782_864_000)
_OTHER = FeatureFile(("gpu.intel.com/xe-links=",), 1_782_864_100)


@pytest.fixture
def sink(tmp_path: Path) -> FeatureFileSink:
    """Give a sink in an empty features.d."""
    folder = tmp_path / "features.d"
    folder.mkdir()
    return FeatureFileSink(folder / "labels.txt", folder / ".xelinkd")


@contextmanager
def _seen_by_nfd(folder: Path) -> Iterator[Callable[[], list[str]]]:
    """Watch a folder as nfd-worker does; give what has happened in it since the last call."""
    watch = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert _LIBC.inotify_add_watch(watch, os.fsencode(folder), ctypes.c_uint32(sum(_EVENTS))) >= 0

    def events() -> list[str]:
        try:
            data = os.read(watch, 65_536)  # what has happened is there by now: the kernel queues it at once
        except BlockingIOError:
            return []
        seen = []
        while data:
            _, mask, _, size = struct.unpack_from("iIII", data)
            name = data[16 : 16 + size].rstrip(b"\0").decode()
            seen.append(f"{_EVENTS[mask & sum(_EVENTS)]} {name}")
            data = data[16 + size :]
        return seen

    try:
        yield events
    finally:
        os.close(watch)


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _disk_full_after(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes; Python ignores the signal that comes with the error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_write_is_one_event_for_nfd(sink: FeatureFileSink) -> None:
    """NFD sees each new content by exactly one event, the one that brings it, so that it never misses it."""
    sink.sweep()
    with _seen_by_nfd(sink.path.parent) as events:
        sink.write(_OURS)
        assert events() == ["moved_to labels.txt"]
        sink.write(_OTHER)
        assert events() == ["moved_to labels.txt"]


def test_looking_is_no_event_for_nfd(sink: FeatureFileSink) -> None:
    """A steady node never wakes NFD."""
    sink.write(_OURS)
    with _seen_by_nfd(sink.path.parent) as events:
        sink.sweep()
        sink.signature()
        sink.read()
        assert events() == []


def test_the_staging_folder_is_made_before_it_is_needed(sink: FeatureFileSink) -> None:
    """Making the staging folder, an event of its own, does not come right before the first labels."""
    with _seen_by_nfd(sink.path.parent) as events:
        sink.sweep()
        assert events() == ["create .xelinkd"]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_anyone_may_read_the_file_whatever_the_umask(sink: FeatureFileSink, mask: int) -> None:
    """NFD, which runs as another user, can always read the labels."""
    with _umask(mask):
        sink.write(_OURS)
    assert stat.S_IMODE(sink.path.stat().st_mode) == 0o644


def test_what_is_written_is_read(sink: FeatureFileSink) -> None:
    """The file on disk is exactly the text that the contract asks for, and is recognised as ours."""
    sink.write(_OURS)
    assert sink.path.read_bytes() == render(_OURS)
    assert sink.read() == Ours(_OURS, usable=True)
    assert _files(sink.staging) == []


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755, 0o4644])
def test_a_file_with_another_mode_is_not_as_it_should_be(sink: FeatureFileSink, mode: int) -> None:
    """A file that NFD may not read, or others may write, is told apart."""
    sink.write(_OURS)
    sink.path.chmod(mode)
    assert sink.read() == Ours(_OURS, usable=False)


def _make_symlink(path: Path) -> None:
    target = path.with_name(".target")
    target.write_bytes(render(_OURS))
    path.symlink_to(target)


_NOT_OURS: dict[str, tuple[Callable[[Path], object], str]] = {
    "other content": (lambda path: path.write_text("mine=1\n"), "a file with other content"),
    "an empty file": (lambda path: path.touch(), "a file with other content"),
    "a file that NFD ignores": (
        lambda path: path.write_bytes(b"x" * (MAX_SIZE + 1)),
        "a file of 65537 bytes",
    ),
    "a folder": (lambda path: path.mkdir(), "a folder"),
    "a link to labels of ours": (_make_symlink, "a symbolic link"),
    "a link to nowhere": (lambda path: path.symlink_to("nowhere"), "a symbolic link"),
    "a FIFO": (os.mkfifo, "a FIFO"),
}
_not_ours = pytest.mark.parametrize(("make", "what"), _NOT_OURS.values(), ids=_NOT_OURS)


@_not_ours
def test_what_is_not_ours_is_said(sink: FeatureFileSink, make: Callable[[Path], object], what: str) -> None:
    """Whatever is in the file's place is named, and looking at it never blocks."""
    make(sink.path)
    assert sink.read() == Foreign(what)


@_not_ours
def test_what_is_not_ours_can_be_moved_aside(
    sink: FeatureFileSink, make: Callable[[Path], object], what: str
) -> None:
    """What somebody put in the file's place is kept, out of NFD's sight, and makes room for the labels."""
    make(sink.path)
    before = sink.path.lstat()
    sink.write(_OURS)
    assert sink.read() == Ours(_OURS, usable=True), what
    aside = (sink.staging / "labels.txt.foreign").lstat()
    assert (aside.st_ino, aside.st_size) == (before.st_ino, before.st_size)


def test_a_fifo_that_comes_after_the_look_is_not_waited_for(tmp_path: Path) -> None:
    """What takes a file's place in the moment before it is read holds nobody up."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert read_at_once(pipe, 100) == b""
    somebody = os.open(pipe, os.O_RDWR)
    assert read_at_once(pipe, 100) == b""
    os.close(somebody)


def test_nothing_moved_aside_replaces_another(sink: FeatureFileSink) -> None:
    """Whatever was moved aside stays when it happens again."""
    for content in ("one", "two", "three"):
        sink.path.write_text(content)
        sink.write(_OURS)
        sink.remove()
    kept = {path.name: path.read_text() for path in sink.staging.iterdir()}
    assert kept == {
        "labels.txt.foreign": "one",
        "labels.txt.foreign.2": "two",
        "labels.txt.foreign.3": "three",
    }


def test_who_replaces_the_file_for_ever_fills_no_disk(
    sink: FeatureFileSink, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of what was moved aside, the first and the latest are kept, and each that goes for another is told."""
    logs.configure(Log(format="json"), "writer")
    (sink.staging / "labels.txt.foreign.2").mkdir(parents=True)
    for number in range(20):
        sink.path.write_text(f"{number}")
        sink.write(_OURS)
    kept = [int(path.read_text()) for path in sink.staging.iterdir() if path.is_file()]
    assert sorted(kept) == [0, *range(6, 20)]
    assert (sink.staging / "labels.txt.foreign.2").is_dir()
    assert capfd.readouterr().err.count("oldest_aside_removed") == 5


def test_a_file_stays_in_its_place_until_it_is_replaced(sink: FeatureFileSink) -> None:
    """No moment is without a file, and a write that fails again and again keeps one copy, not many."""
    sink.path.write_text("one")
    asides = {sink.keep_aside() for _ in range(3)}
    assert sink.path.read_text() == "one"
    assert [aside.read_text() for aside in asides] == ["one"]


def test_links_to_nowhere_are_kept_like_anything_else(sink: FeatureFileSink) -> None:
    """A link whose target is away for now is not lost either."""
    for target in ("here", "there"):
        sink.path.symlink_to(target)
        sink.keep_aside()
        sink.remove()
    assert sorted(str(path.readlink()) for path in sink.staging.iterdir()) == ["here", "there"]


def test_no_file_is_absent(sink: FeatureFileSink) -> None:
    """A missing file, or folder, is nothing to be afraid of."""
    assert sink.read() == Absent()
    sink.path.parent.rmdir()
    assert sink.read() == Absent()
    assert sink.signature() is None
    sink.path.parent.touch()
    assert sink.read() == Absent()


def test_a_folder_that_cannot_be_searched_is_an_error(sink: FeatureFileSink) -> None:
    """A file that cannot be looked at is not taken for a missing one."""
    sink.path.parent.rmdir()
    sink.path.parent.symlink_to(sink.path.parent)
    with pytest.raises(OSError, match="symbolic links"):
        sink.read()


def _touch_later(path: Path) -> None:
    at = path.stat().st_mtime_ns + 1
    os.utime(path, ns=(at, at))


def _replace_by_copy(path: Path) -> None:
    path.with_name(".copy").write_bytes(path.read_bytes())
    path.with_name(".copy").rename(path)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda path: path.chmod(0o600), id="chmod"),
        pytest.param(_touch_later, id="written"),
        pytest.param(lambda path: path.write_bytes(b"mine=1\n"), id="overwritten"),
        pytest.param(_replace_by_copy, id="replaced by a copy"),
        pytest.param(lambda path: path.unlink(), id="deleted"),
    ],
)
def test_the_signature_tells_that_the_file_was_changed(
    sink: FeatureFileSink, change: Callable[[Path], object]
) -> None:
    """Whatever is done to the file by others is noticed."""
    sink.write(_OURS)
    before = sink.signature()
    assert sink.signature() == before
    change(sink.path)
    assert sink.signature() != before


@pytest.mark.parametrize("leftover", [b"half a fi", render(_OTHER)])
def test_leftovers_are_swept(sink: FeatureFileSink, leftover: bytes) -> None:
    """A writer that was killed in the middle of its work leaves nothing behind for long."""
    sink.sweep()
    staged = sink.staging / "labels.txt.12345.new"
    staged.write_bytes(leftover)
    sink.sweep()
    assert _files(sink.staging) == []


def test_leftovers_are_no_obstacle(sink: FeatureFileSink, tmp_path: Path) -> None:
    """A leftover is replaced, and a link that was put in its place is not followed."""
    sink.sweep()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (sink.staging / "labels.txt.new").symlink_to(victim)
    sink.write(_OURS)
    assert victim.read_text() == "precious"
    assert sink.read() == Ours(_OURS, usable=True)


def test_a_full_disk_leaves_the_old_file(sink: FeatureFileSink) -> None:
    """Labels that cannot be written whole replace nothing, and leave nothing lying about."""
    sink.write(_OURS)
    large = FeatureFile(("gpu.intel.com/xe-links=" + "0" * 10_000,), None)
    with _disk_full_after(4096), pytest.raises(OSError, match="File too large"):
        sink.write(large)
    assert sink.read() == Ours(_OURS, usable=True)
    assert _files(sink.staging) == []


def test_labels_that_nfd_would_ignore_leave_the_old_file(sink: FeatureFileSink) -> None:
    """A file that is too large for NFD never replaces one that is not."""
    sink.write(_OURS)
    with pytest.raises(TooLargeError):
        sink.write(FeatureFile(("x" * MAX_SIZE,), None))
    assert sink.read() == Ours(_OURS, usable=True)


def test_no_folder_is_an_error_and_is_not_made(sink: FeatureFileSink) -> None:
    """A node without NFD gets no folders from us; once NFD's is there, it works."""
    sink.path.parent.rmdir()
    with pytest.raises(FileNotFoundError):
        sink.write(_OURS)
    assert not sink.path.parent.exists()
    sink.path.parent.mkdir()
    sink.write(_OURS)
    assert sink.read() == Ours(_OURS, usable=True)


def test_a_failed_rename_leaves_nothing_behind(tmp_path: Path) -> None:
    """When a file cannot come in its place, the write fails and cleans up."""
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        replace_whole(tmp_path / "taken", b"new", tmp_path / "staged", make_way=lambda: None)
    assert _files(tmp_path) == ["taken"]


def test_removing_is_one_event_and_may_be_repeated(sink: FeatureFileSink) -> None:
    """Labels can be removed any number of times, even where there is no folder any more."""
    sink.write(_OURS)
    with _seen_by_nfd(sink.path.parent) as events:
        sink.remove()
        assert events() == ["delete labels.txt"]
        sink.remove()
        assert events() == []
    sink.staging.rmdir()
    sink.path.parent.rmdir()
    sink.remove()
