"""What of a file system outlives a loss of power, as the faults of the disk count on it."""

from __future__ import annotations

import stat

import pytest

from faults.volume import ROOT, File, Folder, Volume

OLD, NEW = b"old", b"new content"


@pytest.fixture
def volume() -> Volume:
    """Give a volume on which a file `labels` is there for good, beside a folder for what is in the making."""
    volume = Volume()
    volume.make(ROOT, ".staging", Folder(stat.S_IFDIR | 0o755))
    number = volume.make(ROOT, "labels", File(stat.S_IFREG | 0o644))
    volume.write(number, 0, OLD)
    volume.nodes[number].sync()
    volume.nodes[ROOT].sync()
    return volume


def _stage(volume: Volume) -> int:
    number = volume.make(volume.find(ROOT, ".staging"), "new", File(stat.S_IFREG | 0o644))
    volume.write(number, 0, NEW)
    return number


def _put_in_place(volume: Volume) -> None:
    volume.rename(volume.find(ROOT, ".staging"), "new", ROOT, "labels")


def test_a_careful_writer_leaves_the_old_or_the_new(volume: Volume) -> None:
    """Content synced before the rename, folder synced after it: a loss at any moment costs nothing."""
    number = _stage(volume)
    assert volume.after_a_loss("labels") == {OLD}
    volume.nodes[number].sync()
    _put_in_place(volume)
    assert volume.after_a_loss("labels") == {OLD, NEW}
    volume.nodes[ROOT].sync()
    assert volume.after_a_loss("labels") == {NEW}


def test_who_does_not_sync_the_file_may_find_it_empty(volume: Volume) -> None:
    """A rename may get to the disk before the content does."""
    _stage(volume)
    _put_in_place(volume)
    assert volume.after_a_loss("labels") == {OLD, b""}


def test_who_writes_in_place_may_find_what_was_there_when_it_was_synced(volume: Volume) -> None:
    """Content that was not synced is lost with the power."""
    volume.write(volume.find(ROOT, "labels"), 0, NEW)
    assert volume.after_a_loss("labels") == {OLD}


def test_who_does_not_sync_the_folder_may_find_no_file() -> None:
    """A file's own sync is not its name's."""
    volume = Volume()
    number = volume.make(ROOT, "labels", File(stat.S_IFREG | 0o644))
    volume.nodes[number].sync()
    assert None in volume.after_a_loss("labels")


def test_a_loss_of_power_takes_what_was_not_synced(volume: Volume) -> None:
    """What is left is what was synced, entries and content."""
    _stage(volume)
    volume.write(volume.find(ROOT, "labels"), 3, b"er")
    volume.lose_power()
    assert volume.file(volume.find(ROOT, "labels")).content == OLD
    assert volume.folder(volume.find(ROOT, ".staging")).entries == {}
