"""What the kernel tells of real files."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from xelinkd.watching.chain import Entry
from xelinkd.watching.inotify import Inotify
from xelinkd.watching.settling import Change, Seen

DEADLINE = 10.0  # seconds


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a folder whose own path is free of symlinks, with a file and another one."""
    root = tmp_path.resolve()
    (root / "file").write_text("old")
    (root / "marker").touch()
    return root


@pytest.fixture
def inotify(root: Path) -> Iterator[Inotify]:
    """Watch the file and the marker, after the first report of everything."""
    with closing(Inotify([root / "file", root / "marker"], lambda: None)) as inotify:
        inotify.take(0.0)
        yield inotify


def seen_until_marked(inotify: Inotify, root: Path) -> set[Seen]:
    """Give what was seen up to a change that is made here: events come in order, nothing is on its way."""
    marked = Seen(Entry(root, "marker"), Change.WHOLE)
    (root / "marker").write_text("x")
    deadline, seen = time.monotonic() + DEADLINE, set[Seen]()
    while marked not in seen:
        assert time.monotonic() < deadline
        seen.update(inotify.take(0.0))
    return {one for one in seen if one.entry.name != "marker"}


def read(root: Path) -> None:
    """Read the file and list its folder."""
    assert (root / "file").read_text() == "old"
    assert list(root.iterdir())


def edit_others(root: Path) -> None:
    """Make, write, move and delete other files in the same folder."""
    (root / "other").write_text("x")
    (root / "other").rename(root / "another")
    (root / "another").unlink()
    (root / "folder").mkdir()


@pytest.mark.parametrize("action", [read, edit_others])
def test_nothing_is_seen(action: Callable[[Path], None], inotify: Inotify, root: Path) -> None:
    """Reading the files, as a reload does, and files beside them are no change."""
    action(root)
    assert seen_until_marked(inotify, root) == set()


def write(root: Path) -> None:
    """Write in place."""
    (root / "file").write_text("new")


def replace(root: Path) -> None:
    """Rename another file over it."""
    (root / "new").write_text("new")
    (root / "new").rename(root / "file")


def delete(root: Path) -> None:
    """Delete it."""
    (root / "file").unlink()


def link(root: Path) -> None:
    """Make it a symlink."""
    (root / "file").unlink()
    (root / "file").symlink_to("elsewhere")


def make_folder(root: Path) -> None:
    """Make it a folder."""
    (root / "file").unlink()
    (root / "file").mkdir()


def permit(root: Path) -> None:
    """Change its permissions."""
    (root / "file").chmod(0o600)


@pytest.mark.parametrize(
    ("action", "changes"),
    [
        (write, {Change.PARTIAL, Change.WHOLE}),
        (replace, {Change.WHOLE}),
        (delete, {Change.UNSURE}),
        (link, {Change.UNSURE}),
        (make_folder, {Change.UNSURE}),
        (permit, {Change.UNSURE}),
    ],
)
def test_what_is_seen(
    action: Callable[[Path], None], changes: set[Change], inotify: Inotify, root: Path
) -> None:
    """Each kind of change is told by what it says of the content."""
    action(root)
    assert {one.change for one in seen_until_marked(inotify, root) if one.entry.name == "file"} == changes


def test_a_file_that_is_not_closed(inotify: Inotify, root: Path) -> None:
    """A file that somebody is writing is seen as half written, whether it is old or new."""
    (root / "file").unlink()
    with (root / "file").open("w") as file:
        file.write("ne")
        file.flush()
        seen = seen_until_marked(inotify, root)
    assert Seen(Entry(root, "file"), Change.PARTIAL) in seen
    assert Seen(Entry(root, "file"), Change.WHOLE) not in seen


def test_a_second_name_of_the_file(inotify: Inotify, root: Path) -> None:
    """A file that is written through a hard link, or is mounted from elsewhere, is noticed as well."""
    (root / "elsewhere").mkdir()
    (root / "elsewhere/name").hardlink_to(root / "file")
    (root / "elsewhere/name").write_text("new")
    assert Seen(Entry(root, "file"), Change.WHOLE) in seen_until_marked(inotify, root)


def test_lost_events(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """When so much happens that the kernel loses events, everything counts as changed."""
    go_on = threading.Event()
    go_on.set()

    def wake() -> None:
        go_on.wait(DEADLINE)

    with closing(Inotify([root / "file", root / "marker"], wake)) as inotify:
        inotify.take(0.0)
        go_on.clear()
        (root / "marker").write_text("x")  # the reading thread waits in its first call
        flood(root, int(Path("/proc/sys/fs/inotify/max_queued_events").read_text()))
        (root / "file").write_text("new")
        caplog.set_level(logging.WARNING)
        go_on.set()
        deadline, seen = time.monotonic() + DEADLINE, set[Seen]()
        while Seen(Entry(root, "file"), Change.UNSURE) not in seen:
            assert time.monotonic() < deadline
            seen.update(inotify.take(0.0))
    assert "overflowed" in caplog.text
    assert Seen(Entry(root, "file"), Change.WHOLE) not in seen


def flood(root: Path, events: int) -> None:
    """Cause more events than the kernel keeps, after those that the reading thread has taken with it."""
    names = [root / "a", root / "b"]
    for name in names:
        name.touch()
    for _ in range(events):  # two by turns: equal ones in a row would be merged
        for name in names:
            os.utime(name)
