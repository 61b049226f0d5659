"""The faults of the configuration: each wrong content, written in each way; and a storm of changes."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from faults.disk import as_an_ordinary_user
from faults.fault import Fault, leave_alone
from faults.fragile_disk import fragile_disk
from faults.ordeal import Ordeal
from faults.processes import PIPELINE
from faults.storm import storm
from faults.writing import (
    behind_a_link,
    by_config_map,
    by_cp,
    by_link,
    by_rename,
    in_place,
    on_a_config_map,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faults.fragile_disk import FragileDisk
    from faults.rig import Rig
    from faults.writing import Write

_HUGE: Final = 100_000_000  # bytes
_SECTIONS: Final = b"".join(b"[%d]\n" % number for number in range(9000))  # each of its own takes memory
_WRITING: Final = 3.0  # seconds that writing them may take

_CONTENTS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "a syntax error": lambda text: text + b"[source\n",
    "a wrong type": lambda text: text.replace(b"[labels]\n", b"") + b"[labels]\nmin_lanes = true\n",
    "half a file": lambda text: text[: text.index(b"://")],
    "an empty file": lambda _text: b"",
    "100 MB": lambda text: text + b"#" * _HUGE,
}
_WAYS: Final[dict[str, tuple[Callable[[Rig], None], Write]]] = {
    "in place": (leave_alone, in_place),
    "by rename": (leave_alone, by_rename),
    "by cp": (leave_alone, by_cp),
    "by ConfigMap": (on_a_config_map, by_config_map),
    "by symbolic link": (behind_a_link, by_link),
}


def _written(content: str, way: str) -> Fault:
    prepare, write = _WAYS[way]

    def spoil(rig: Rig, text: bytes) -> None:
        write(rig.daemon.config, _CONTENTS[content](text))

    def mend(rig: Rig, text: bytes) -> None:
        write(rig.daemon.config, text)

    grace = _WRITING if content == "100 MB" else 0.0
    return replace(_refused(f"{content}, {way}", spoil, mend, prepare), grace=grace)


def _refused(
    name: str,
    spoil: Callable[[Rig, bytes], object],
    mend: Callable[[Rig, bytes], object],
    prepare: Callable[[Rig], None] = leave_alone,
) -> Fault:
    """Keep the configuration in force, say so once, and say when it is right again."""

    @contextmanager
    def begin(rig: Rig) -> Iterator[None]:
        text = rig.daemon.config.read_bytes()
        spoil(rig, text)
        yield
        mend(rig, text)
        rig.daemon.wait_for("config_right_again")

    return Fault(name, begin, ("config_refused",), prepare, follows=True, once=True)


class _OnABadDisk:
    """The configuration is on a disk that cannot be read for a while; nobody touches it when it can again."""

    def __init__(self) -> None:
        self._disk: FragileDisk

    def prepare(self, rig: Rig) -> None:
        """Put it there."""
        folder = rig.folder / "disk"
        folder.mkdir()
        self._disk = rig.undo.enter_context(fragile_disk(folder))
        rig.daemon.config = folder / rig.daemon.config.name
        rig.daemon.configure()

    @contextmanager
    def begin(self, rig: Rig) -> Iterator[None]:
        """Change it just then."""
        with self._disk.refusing({"READ": errno.EIO}):
            rig.daemon.configure(source={"max_page_mib": 17})
            yield
        rig.daemon.wait_for("config_applied")


def _make_a_folder(rig: Rig, _text: bytes) -> None:
    rig.daemon.config.unlink()
    rig.daemon.config.mkdir()


def _remove_the_folder(rig: Rig, text: bytes) -> None:
    rig.daemon.config.rmdir()
    in_place(rig.daemon.config, text)


def _write(write: Write, rig: Rig, text: bytes) -> None:
    write(rig.daemon.config, text)


_PUT: Final = partial(_write, in_place)
_ON_A_BAD_DISK: Final = _OnABadDisk()

FAULTS: Final[tuple[Fault | Ordeal, ...]] = (
    *(_written(content, way) for content in _CONTENTS for way in _WAYS),
    _refused("a folder in the configuration's place", _make_a_folder, _remove_the_folder),
    _refused(
        "configuration unreadable",
        lambda rig, _text: rig.daemon.config.chmod(0),
        lambda rig, _text: rig.daemon.config.chmod(0o644),
        as_an_ordinary_user,
    ),
    _refused("configuration deleted", lambda rig, _text: rig.daemon.config.unlink(), _PUT),
    _refused(
        "target of its link deleted",
        lambda rig, _text: rig.daemon.config.readlink().unlink(),
        _PUT,
        behind_a_link,
    ),
    _refused(
        "gone from its ConfigMap",
        lambda rig, _text: by_config_map(rig.daemon.config, None),
        partial(_write, by_config_map),
        on_a_config_map,
    ),
    Fault(
        "configuration that cannot be read (EIO)",
        _ON_A_BAD_DISK.begin,
        ("config_refused",),
        _ON_A_BAD_DISK.prepare,
        follows=True,
        once=True,
        may_end=PIPELINE,
    ),
    _refused("as many sections as are read", lambda rig, _text: in_place(rig.daemon.config, _SECTIONS), _PUT),
    Ordeal("1,000 changes in 10 s", storm),
)
