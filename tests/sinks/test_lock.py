"""The lock on a feature file."""

from __future__ import annotations

import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from xelinkd.sinks.lock import FeatureFileLock, new_owner

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys
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
