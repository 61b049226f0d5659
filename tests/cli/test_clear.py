"""`xelinkd clear`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.daemon import Daemon, xelinkd

if TYPE_CHECKING:
    from pathlib import Path

    from xelinkd.simulator.server import Simulator


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the place of the feature file."""
    folder = tmp_path / "features.d"
    folder.mkdir()
    return folder / "xpum-sidecar-labels.txt"


def test_our_labels_are_removed(tmp_path: Path, xpum: Simulator) -> None:
    """What xelinkd wrote goes at once."""
    node = Daemon(tmp_path, xpum.url)
    assert xelinkd("once", "--config", node.config).returncode == 0
    assert node.file.exists()
    assert xelinkd("clear", "--config", node.config).returncode == 0
    assert not node.file.exists()


def test_labels_of_the_go_sidecar_are_removed(file: Path, plain: Path) -> None:
    """What the Go sidecar left behind goes, too."""
    file.write_text("gpu.intel.com/xe-links=0.0-1.0_0.1-1.1\n")
    done = xelinkd("clear", "--config", plain, "-dst-file-path", file)
    assert done.returncode == 0
    assert '"links":2' in done.stderr
    assert not file.exists()


def test_foreign_file_is_refused(file: Path, plain: Path) -> None:
    """A file that somebody else put there stays, with exit status 3."""
    file.write_text("example.org/other=true\n")
    done = xelinkd("clear", "--config", plain, "-dst-file-path", file)
    assert done.returncode == 3
    assert "feature_file_foreign" in done.stderr
    assert file.read_text() == "example.org/other=true\n"


def test_file_that_cannot_be_removed(tmp_path: Path, plain: Path) -> None:
    """What the system refuses is told in a sentence, with exit status 3."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    done = xelinkd("clear", "--config", plain, "-dst-file-path", loop / "labels.txt")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"xelinkd: {loop}/labels.txt: Too many levels of symbolic links\n"


def test_nothing_there(file: Path, plain: Path) -> None:
    """To clear what is not there is no failure."""
    done = xelinkd("clear", "--config", plain, "-dst-file-path", file)
    assert (done.returncode, done.stdout) == (0, f"{file}: nothing to remove\n")


def test_wrong_command_line(file: Path, plain: Path) -> None:
    """With a wrong flag nothing is removed."""
    file.write_text("gpu.intel.com/xe-links=0.0-1.0\n")
    assert xelinkd("clear", "--config", plain, "-dst-file-path", file, "-lane-count=x").returncode == 2
    assert file.exists()
