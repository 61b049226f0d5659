"""The faults of the disk: of the file system, of the folder that NFD reads, and of the file itself."""

from __future__ import annotations

import errno
import shutil
import socket
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import count
from os import mkfifo
from pathlib import Path
from typing import TYPE_CHECKING, Final

from support.daemon import wait_until

from faults.fault import Fault, leave_alone
from faults.fragile_disk import WRITES, fragile_disk
from faults.meanwhile import meanwhile
from faults.mounts import bound, mounted
from faults.ordeal import Ordeal
from faults.power import power_lost
from faults.processes import HEARTBEAT, PIPELINE, with_a_short_heartbeat
from faults.record import labels_of
from faults.rig import BEFORE, INTERVAL, true_labels
from xelinkd.model.feature_file import FeatureFile, render
from xelinkd.sinks.lock import lock_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from faults.fragile_disk import FragileDisk
    from faults.record import Labels
    from faults.rig import Rig

    Begin = Callable[[Rig], AbstractContextManager[object]]

_OTHER: Final = "gpu.intel.com/xe-links=7.0-9.0\n"
_ANOTHERS: Final = "vendor.example/mine=true\n"  # neither xelinkd nor the sidecar before it writes that
_FAILS: Final = "feature_file_failing"
_REPAIRED: Final = "feature_file_repaired"
_ASIDE: Final = "feature_file_moved_aside"
_LOCK_ASIDE: Final = "feature_file_lock_moved_aside"
_ROOM: Final = 100  # bytes; what is left of a truncated file
_SLOW: Final = 1.0  # seconds for each fsync


# The file system.


def _small(rig: Rig) -> None:
    """Have the folder on a file system with room for little."""
    rig.undo.enter_context(mounted("tmpfs", rig.daemon.features, "mode=755,size=128k,nr_inodes=32"))


@contextmanager
def _filled(rig: Rig) -> Iterator[None]:
    """Take all the space that is left."""
    ballast = rig.daemon.features / ".ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    yield
    ballast.unlink()


@contextmanager
def _crowded(rig: Rig) -> Iterator[None]:
    """Take all the inodes that are left."""
    crowd = rig.daemon.features / ".crowd"
    crowd.mkdir()
    with suppress(OSError):
        for number in count():
            (crowd / str(number)).touch()
    yield
    shutil.rmtree(crowd)


def _read_only(rig: Rig) -> AbstractContextManager[None]:
    return bound(rig.daemon.features, rig.daemon.features, read_only=True)


class _Fragile:
    """The feature file is on a disk that fails as it is told."""

    def __init__(self, failing: Callable[[FragileDisk], AbstractContextManager[None]]) -> None:
        self._failing = failing
        self._disk: FragileDisk

    def prepare(self, rig: Rig) -> None:
        """Mount it; a worker that hangs in it is found out soon."""
        with_a_short_heartbeat(rig)
        self._disk = rig.undo.enter_context(fragile_disk(rig.daemon.features))

    def begin(self, _rig: Rig) -> AbstractContextManager[None]:
        """Let it fail."""
        return self._failing(self._disk)


def _on_a_disk_that(name: str, failing: Callable[[FragileDisk], AbstractContextManager[None]]) -> Fault:
    fragile = _Fragile(failing)
    return _failing(name, fragile.begin, prepare=fragile.prepare)


def _refusing(
    number: int, operations: Sequence[str] = WRITES
) -> Callable[[FragileDisk], AbstractContextManager[None]]:
    return lambda disk: disk.refusing(dict.fromkeys(operations, number))


# The folder.


@contextmanager
def _folder_gone(rig: Rig) -> Iterator[None]:
    shutil.rmtree(rig.daemon.features)
    yield
    rig.daemon.features.mkdir()


@contextmanager
def _folder_away(rig: Rig) -> Iterator[None]:
    away = rig.folder / "away"
    rig.daemon.features.rename(away)
    yield
    away.rename(rig.daemon.features)


@contextmanager
def _folder_replaced(rig: Rig) -> Iterator[None]:
    new = rig.folder / "new"
    new.mkdir()
    rig.daemon.features.rename(rig.folder / "old")
    new.rename(rig.daemon.features)
    yield


@contextmanager
def _closed(mode: int, rig: Rig) -> Iterator[None]:
    rig.daemon.features.chmod(mode)
    yield
    rig.daemon.features.chmod(0o755)


def as_an_ordinary_user(rig: Rig) -> None:
    """Permissions do not hold root back: leave the daemon none of root's capabilities."""
    rig.daemon.prefix += ("setpriv", "--inh-caps=-all", "--bounding-set=-all")


def _lock_replaced(make: Callable[[Path], object]) -> Begin:
    """Remove the lock, and make something in its place."""

    @contextmanager
    def do(rig: Rig) -> Iterator[None]:
        lock = lock_path(rig.daemon.file)
        lock.unlink()
        make(lock)
        yield

    return do


@contextmanager
def _staging_removed(rig: Rig) -> Iterator[None]:
    shutil.rmtree(rig.daemon.features / ".xelinkd")
    yield


@contextmanager
def _staging_is_a_file(rig: Rig) -> Iterator[None]:
    staging = rig.daemon.features / ".xelinkd"
    shutil.rmtree(staging)
    staging.touch()
    yield
    staging.unlink()


# The file.


def _once(act: Callable[[Path], object], told: str) -> Begin:
    """Do something to the file, and leave it to the daemon to repair that."""

    def do(rig: Rig) -> AbstractContextManager[object]:
        act(rig.daemon.file)
        rig.daemon.wait_for(told)
        return ExitStack()

    return do


def _replaced(make: Callable[[Path], object]) -> Begin:
    """Put something else in the file's place; AssertionError if it is lost."""

    def swap(file: Path) -> None:
        made = file.parent.parent / "made"
        make(made)
        if made.is_dir() and not made.is_symlink():  # cannot be renamed to a file
            file.unlink()
        made.rename(file)  # in one step: a daemon that found no file would write one over it

    swapped = _once(swap, _ASIDE)

    @contextmanager
    def do(rig: Rig) -> Iterator[None]:
        with swapped(rig):
            yield
        _assert_kept(rig)

    return do


def _assert_kept(rig: Rig) -> None:
    assert list(rig.daemon.features.glob(".xelinkd/*.foreign")), "what was in the way is lost"  # noqa: S101


@contextmanager
def _joined(slowly: Begin, rig: Rig) -> Iterator[None]:
    """Put another file in its place while the next one is synced; AssertionError if it is lost."""

    def come() -> None:
        wait_until(lambda: list(rig.daemon.features.glob(".xelinkd/*.new")), "a file to be synced")
        made = rig.daemon.features / ".made"
        made.write_text(_ANOTHERS)
        made.rename(rig.daemon.file)

    with slowly(rig), meanwhile(come):
        yield
    _assert_kept(rig)


def _make_link(path: Path) -> None:
    target = path.parent.parent / "target"
    target.write_text(_OTHER)
    path.symlink_to(target)


def _make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def _truncate(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(_ROOM)


def _truncated() -> Labels:
    return labels_of(render(FeatureFile(true_labels(BEFORE) or (), expiry=0))[:_ROOM])


def _device_mounted(rig: Rig) -> AbstractContextManager[None]:
    return bound(Path("/dev/null"), rig.daemon.file)


def _failing(
    name: str, begin: Begin, *left: Labels, prepare: Callable[[Rig], None] = leave_alone, tells: str = _FAILS
) -> Fault:
    """Nothing can be written until it is over."""
    return Fault(name, begin, (tells,), prepare, leaves=frozenset(left), may_end=PIPELINE, once=True)


def _repaired(name: str, begin: Begin, tells: str, *left: Labels) -> Fault:
    """Leave it to the daemon: nobody else puts an end to it."""
    return Fault(name, begin, (tells,), follows=True, leaves=frozenset(left), may_end=PIPELINE, once=True)


def _touched(name: str, act: Callable[[Path], object], *left: Labels, tells: str = _REPAIRED) -> Fault:
    return _repaired(name, _once(act, tells), tells, *left)


def _in_its_place(name: str, make: Callable[[Path], object], *left: Labels) -> Fault:
    return _repaired(f"{name} in its place", _replaced(make), _ASIDE, None, *left)


_SLOWLY: Final = replace(
    _on_a_disk_that(f"fsync takes {_SLOW:g} s", lambda disk: disk.syncing_slowly(_SLOW)),
    follows=True,
    grace=2 * _SLOW,
    tells=("labels_changed",),
)
_JOINED: Final = replace(
    _SLOWLY,
    name="another file while fsync is slow",
    begin=partial(_joined, _SLOWLY.begin),
    tells=(_ASIDE,),
    leaves=frozenset({labels_of(_ANOTHERS.encode())}),
)
_HANGING: Final = _on_a_disk_that("fsync hangs", lambda disk: disk.holding("FSYNC", "FSYNCDIR"))

FAULTS: Final = (
    _failing("no space", _filled, prepare=_small),
    _failing("no inodes", _crowded, prepare=_small),
    _on_a_disk_that("quota used up (EDQUOT)", _refusing(errno.EDQUOT)),
    _on_a_disk_that("read-only after an error (EROFS)", _refusing(errno.EROFS)),
    _on_a_disk_that("writes fail (EIO)", _refusing(errno.EIO, ("WRITE",))),
    _on_a_disk_that("fsync fails (EIO)", _refusing(errno.EIO, ("FSYNC",))),
    _on_a_disk_that("rename fails (EIO)", _refusing(errno.EIO, ("RENAME", "RENAME2"))),
    _SLOWLY,
    _JOINED,
    replace(_HANGING, tells=("worker_hung",), counts=False, fetches=int((HEARTBEAT + 2) / INTERVAL)),
    _failing("mounted read-only", _read_only),
    _failing("folder removed and made again", _folder_gone, None),
    _failing("folder away and back", _folder_away, None),
    _repaired("folder replaced by another", _folder_replaced, "pipeline_renewed", None),
    _failing("folder not writable", partial(_closed, 0o555), prepare=as_an_ordinary_user),
    _failing("folder not searchable", partial(_closed, 0o644), None, prepare=as_an_ordinary_user),
    _repaired("lock file removed", _lock_replaced(lambda _lock: None), "labels_changed"),
    _repaired("a folder in the lock's place", _lock_replaced(Path.mkdir), _LOCK_ASIDE),
    _repaired(
        "a link in the lock's place", _lock_replaced(lambda lock: lock.symlink_to("elsewhere")), _LOCK_ASIDE
    ),
    _repaired("staging folder removed", _staging_removed, "labels_changed"),
    _failing("staging folder is a file", _staging_is_a_file),
    _touched("file deleted", Path.unlink, None),
    _touched("file edited", lambda file: file.write_text(_OTHER), (), labels_of(_OTHER.encode())),
    _touched("file that NFD may not read", lambda file: file.chmod(0o600)),
    _touched("file truncated", _truncate, _truncated(), tells=_ASIDE),
    _touched("file emptied", lambda file: file.write_bytes(b""), (), tells=_ASIDE),
    _in_its_place("a folder", Path.mkdir),
    _in_its_place("a symbolic link", _make_link, labels_of(_OTHER.encode())),
    _in_its_place("a FIFO", mkfifo, ()),
    _in_its_place("a socket", _make_socket),
    _failing("a device mounted in its place", _device_mounted, ()),
    Ordeal("power lost", power_lost),
)
