"""Changes found by looking, with the clock in the test's hand and real files."""

import os
import shutil
from pathlib import Path

import pytest

from xelinkd.watching.polling import Polling


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a folder with a mounted ConfigMap, whose own path is free of symlinks."""
    root = tmp_path.resolve()
    (root / "..1").mkdir()
    (root / "..1/file").write_text("old")
    (root / "..data").symlink_to("..1")
    (root / "file").symlink_to("..data/file")
    return root


@pytest.fixture
def polling(root: Path) -> Polling:
    """Look every second, and have looked at 0.0."""
    polling = Polling([root / "file"], interval=1.0)
    assert polling.take(0.0)
    return polling


def test_it_looks_when_it_is_time(polling: Polling, root: Path) -> None:
    """A change is found at the next look, once."""
    (root / "file").write_text("new")
    assert polling.take(0.9) == []
    assert [seen.entry.path for seen in polling.take(1.0)] == [root / "..1/file"]
    assert polling.take(2.0) == []


def test_other_files_do_not_matter(polling: Polling, root: Path) -> None:
    """Files that come beside it change nothing."""
    (root / "other").touch()
    assert polling.take(1.0) == []


def test_the_same_size_and_time(polling: Polling, root: Path) -> None:
    """A new content is found even if its size and its time of change are those of the old one."""
    file = root / "..1/file"
    before = file.stat()
    file.write_text("new")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [seen.entry.path for seen in polling.take(1.0)] == [file]


def test_a_swap(polling: Polling, root: Path) -> None:
    """A ConfigMap that was swapped is found by its symlink, and its new file is looked at from then on."""
    shutil.copytree(root / "..1", root / "..2")
    (root / "..data_tmp").symlink_to("..2")
    (root / "..data_tmp").rename(root / "..data")
    assert root / "..data" in [seen.entry.path for seen in polling.take(1.0)]
    (root / "..2/file").write_text("newer")
    assert [seen.entry.path for seen in polling.take(2.0)] == [root / "..2/file"]


def test_a_file_that_goes_and_comes_back(polling: Polling, root: Path) -> None:
    """A file that is deleted, and one that appears, are changes."""
    (root / "..1/file").unlink()
    assert [seen.entry.path for seen in polling.take(1.0)] == [root / "..1/file"]
    (root / "..1/file").write_text("old")
    assert [seen.entry.path for seen in polling.take(2.0)] == [root / "..1/file"]
