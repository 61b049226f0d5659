"""The lock on a feature file."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.trials import REPOSITORY

from xelinkd.sinks.lock import FeatureFileLock, is_taken, lock_path, new_owner

if TYPE_CHECKING:
    from collections.abc import Callable

HOLDER = """
import sys
from contextlib import suppress
from pathlib import Path
from xelinkd.sinks.lock import FeatureFileLock, new_owner
lock = FeatureFileLock(Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the place of a feature file."""
    return tmp_path / "labels.txt"


def test_one_process_at_a_time_has_it(file: Path) -> None:
    """A second xelinkd cannot keep the file while the first lives, and can once it was killed."""
    lock = FeatureFileLock(file)
    command = [sys.executable, "-c", HOLDER, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        assert not lock.take()
        assert lock.take() is False
        holder.kill()
        holder.wait()
    assert lock.take()
    assert lock.take()


def test_other_files_have_locks_of_their_own(file: Path) -> None:
    """Two xelinkd may keep two files in one folder."""
    first, second = FeatureFileLock(file), FeatureFileLock(file.with_name("other.txt"))
    assert first.take()
    assert second.take()


def test_a_lock_whose_file_was_removed_is_taken_anew(file: Path) -> None:
    """Somebody who clears out hidden folders does not let two xelinkd in."""
    first, second = FeatureFileLock(file), FeatureFileLock(file)
    assert first.take()
    next(file.parent.glob(".xelinkd/*")).unlink()
    assert second.take()
    assert not first.take()
    second.release()
    assert first.take()


def moved_away(lock: Path) -> None:
    """Move the lock file away."""
    lock.rename(lock.with_name("away"))


def known_by_two_names(lock: Path) -> None:
    """Remove the lock file, which goes on under another name."""
    lock.with_name("other").hardlink_to(lock)
    lock.unlink()


def replaced_by_a_copy(lock: Path) -> None:
    """Put a copy in its place, as an editor does."""
    shutil.copy(lock, lock.with_name("copy"))
    lock.with_name("copy").rename(lock)


def replaced_by_a_folder(lock: Path) -> None:
    """Put a folder in its place."""
    lock.unlink()
    lock.mkdir()


@pytest.mark.parametrize("change", [moved_away, known_by_two_names, replaced_by_a_copy, replaced_by_a_folder])
def test_a_lock_that_others_would_not_meet_is_none(file: Path, change: Callable[[Path], None]) -> None:
    """Whatever becomes of the lock file, no two xelinkd write the feature file without noticing."""
    first, second = FeatureFileLock(file), FeatureFileLock(file)
    assert first.take()
    change(lock_path(file))
    assert second.take()
    assert not first.take()
    second.release()
    assert first.take()
    assert not second.take()


@pytest.mark.parametrize(
    "make",
    [Path.mkdir, lambda path: path.symlink_to("elsewhere"), os.mkfifo],
    ids=["folder", "symlink", "fifo"],
)
def test_what_no_lock_can_be_had_on_is_moved_aside(file: Path, make: Callable[[Path], None]) -> None:
    """Something else in the lock's place lets no second xelinkd in, and is not lost."""
    place = lock_path(file)
    place.parent.mkdir()
    make(place)
    found = place.lstat()
    first, second = FeatureFileLock(file), FeatureFileLock(file)
    assert first.take()
    assert not second.take()
    assert place.with_name(f"{place.name}.foreign").lstat().st_ino == found.st_ino
    assert sorted(left.name for left in place.parent.iterdir()) == [place.name, f"{place.name}.foreign"]


@pytest.mark.skipif(os.geteuid() != 0, reason="takes another user")
def test_lock_file_of_another_user(file: Path) -> None:
    """What root tried by hand leaves no lock in the service's folder that keeps the service out."""
    assert FeatureFileLock(file).take()
    place = lock_path(file)
    for path in (file.parent, place.parent):
        path.chmod(0o777)
    ours, theirs = os.pipe()
    held, hold = os.pipe()
    if (child := os.fork()) == 0:
        with suppress(BaseException):
            os.chdir(file.parent)  # what is above is not for every user
            os.setresuid(1234, 1234, 1234)
            os.close(hold)
            lock = FeatureFileLock(Path(file.name))
            os.write(theirs, str(lock.take()).encode())
            os.read(held, 1)
        os._exit(0)
    os.close(theirs)
    try:
        assert os.read(ours, 10) == b"True"
        assert place.stat().st_uid == 1234
        assert not FeatureFileLock(file).take()
    finally:
        for end in (ours, held, hold):
            os.close(end)
        os.waitpid(child, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="takes another user")
def test_lock_of_another_user_that_can_be_met_is_met(file: Path) -> None:
    """Who may open every file, as the service's writer may, takes no lock from one that holds it."""
    assert FeatureFileLock(file).take()
    capable = ["--reuid=1234", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    command = ["setpriv", *capable, sys.executable, "-c", HOLDER, str(file)]
    told = subprocess.check_output(command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, timeout=60)
    assert told == b"False\n"
    assert not list(lock_path(file).parent.glob("*.foreign"))


def test_nobody_looking_waits(file: Path) -> None:
    """A FIFO in the lock's place does not keep waiting who only looks."""
    lock_path(file).parent.mkdir()
    os.mkfifo(lock_path(file))
    assert not is_taken(file)


def test_nobody_else_can_hold_it(file: Path) -> None:
    """Another user of the node cannot keep xelinkd from its work by locking the file."""
    assert FeatureFileLock(file).take()
    assert stat.S_IMODE(next(file.parent.glob(".xelinkd/*")).stat().st_mode) == 0o600


def test_without_a_folder_it_is_an_error(file: Path) -> None:
    """A folder that is not there is not made: it may be about to be mounted."""
    with pytest.raises(FileNotFoundError):
        FeatureFileLock(file.parent / "missing" / "labels.txt").take()


def test_lock_tells_whether_another_had_it(tmp_path: Path) -> None:
    """Who takes a lock learns whether somebody else had it since; a lock file that is new tells of nobody."""
    file, me = tmp_path / "labels.txt", new_owner()
    mine = FeatureFileLock(file, me)
    assert mine.take()
    assert not mine.was_anothers
    mine.release()
    other = FeatureFileLock(file)
    assert other.take()
    assert other.was_anothers
    other.release()
    assert mine.take()
    assert mine.was_anothers
    mine.release()
    successor = FeatureFileLock(file, me)
    assert successor.take()
    assert not successor.was_anothers
