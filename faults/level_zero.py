"""The faults of Level Zero: what the driver can do, the library, and the process that asks them."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from support.daemon import children
from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyFD, Mask

from faults.fault import Fault
from faults.fragile_disk import FragileDisk, fragile_disk
from faults.meanwhile import meanwhile
from faults.mounts import bound
from faults.rig import BEFORE
from standins.level_zero import Node, build, state_of
from xelinkd.sources.level_zero.source import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from watchdog.observers.inotify_c import InotifyEvent, WatchDescriptor

    from faults.rig import Rig
    from xelinkd.simulator.machine import Machine

    Lines = list[str]
    Begin = Callable[["LevelZero", Rig], AbstractContextManager[None]]
    Ready = Callable[["LevelZero", Rig], None]

_PIPELINE: Final = frozenset({"xelinkd:fetcher", "xelinkd:writer"})
_LOOK: Final = 0.002  # seconds
_SYSFS: Final = Path("/sys")
_DEVICE_LOST: Final = 0x7000_0001  # ze_result_t
_UNKNOWN: Final = 0x7FFF_FFFE


class LevelZero:
    """Level Zero on the rig's node, which shows the same machine as the source, and fails as it is told."""

    def __init__(self, rig: Rig) -> None:
        """Set it up, with its GPUs in /sys; readings are counted where fetches are."""
        self.node = Node(rig.folder / "level-zero", BEFORE, loader=build(rig.folder / LIBRARY))
        self._machine = BEFORE
        self._altered: Callable[[Lines], Lines] = list
        rig.undo.enter_context(bound(self.node.sysfs, _SYSFS))
        rig.undo.enter_context(_counting(self.node.sysfs / "class" / "drm", rig.source.fetches))
        rig.source.beside.append(self.show)

    def show(self, machine: Machine) -> None:
        """Show another machine, as everybody does on this node."""
        self._machine = machine
        self._tell()

    @contextmanager
    def altered(self, how: Callable[[Lines], Lines]) -> Iterator[None]:
        """Let it show something else than the machine while the block lasts."""
        self._altered = how
        self._tell()
        yield
        self._altered = list
        self._tell()

    def failing(self, *faults: str) -> AbstractContextManager[None]:
        """Let calls fail while the block lasts; standins/ze_loader.c says how."""
        return self.altered(lambda lines: [*lines, *(f"fault {fault}" for fault in faults)])

    def _tell(self) -> None:
        self.node.write(self._altered(state_of(self._machine)))


class _Readings:
    """Takes note of each reading: none begins without a look at the kernel's cards. Called by a thread."""

    def __init__(self, readings: list[float]) -> None:
        self._readings = readings

    def on_event(self, event: InotifyEvent) -> None:
        """Count the opening of the folder itself."""
        if not event.name:
            self._readings.append(time.monotonic())

    def on_watch_deleted(self, _wd: WatchDescriptor) -> None:
        """Nothing: the folder stays."""

    def on_queue_overflow(self) -> None:
        """Nothing: a fetch that is not counted makes for a complaint."""


@contextmanager
def _counting(folder: Path, readings: list[float]) -> Iterator[None]:
    inotify, tap = InotifyFD(), _Readings(readings)
    inotify.start()
    inotify.add_callback(os.fsencode(folder), Mask(InotifyConstants.IN_OPEN), tap, CallbackId(id(tap)))
    try:
        yield
    finally:
        inotify.stop()
        inotify.join()


class _On:
    """A fault of Level Zero; `ready` is done once that is set up, before the daemon starts."""

    def __init__(self, begin: Begin, ready: Ready | None = None) -> None:
        self._begin = begin
        self._ready = ready
        self._level_zero: LevelZero

    def prepare(self, rig: Rig) -> None:
        """Let the daemon ask Level Zero."""
        self._level_zero = LevelZero(rig)
        rig.daemon.env |= self._level_zero.node.env
        rig.daemon.configure(source={"kind": "level-zero"})
        if self._ready:
            self._ready(self._level_zero, rig)

    def begin(self, rig: Rig) -> AbstractContextManager[None]:
        """Let it fail."""
        return self._begin(self._level_zero, rig)


def _fault(name: str, begin: Begin, *tells: str, ready: Ready | None = None) -> Fault:
    on = _On(begin, ready)
    return Fault(f"Level Zero: {name}", on.begin, tells, on.prepare)


def _call(name: str, fault: str, *tells: str) -> Fault:
    """Have one call fail."""
    return _fault(name, lambda level_zero, _rig: level_zero.failing(fault), *tells)


def _without_ports(lines: Lines) -> Lines:
    return [line for line in lines if not line.startswith("port")]


def _without_the_first(lines: Lines) -> Lines:
    second = [number for number, line in enumerate(lines) if line.startswith("gpu")][1]
    return lines[second:]


# The library.


@contextmanager
def _away(level_zero: LevelZero, rig: Rig) -> Iterator[None]:
    away = rig.folder / "away.so"
    level_zero.node.library.rename(away)
    yield
    away.rename(level_zero.node.library)


@contextmanager
def _replaced(content: Callable[[bytes], bytes], level_zero: LevelZero, rig: Rig) -> Iterator[None]:
    """Put something else in its place, as a package that is upgraded does."""
    new = rig.folder / "new.so"
    new.write_bytes(content(level_zero.node.library.read_bytes()))
    with _away(level_zero, rig):
        new.rename(level_zero.node.library)
        yield


def _half(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def _ask_xpu_manager_first(_level_zero: LevelZero, rig: Rig) -> None:
    rig.daemon.configure(source={"kind": "metrics"})


@contextmanager
def _changed_to_it(level_zero: LevelZero, rig: Rig) -> Iterator[None]:
    with _away(level_zero, rig):
        rig.daemon.configure(source={"kind": "level-zero"})
        rig.daemon.wait_for("config_applied")
        yield


# The process that asks.


@contextmanager
def _killed(level_zero: LevelZero, rig: Rig) -> Iterator[None]:
    """Kill each once it has loaded the library."""
    fetcher = rig.daemon.wait_for_workers()["fetcher"]
    over = Event()

    def kill() -> None:
        is_last = False
        while not is_last:
            is_last = over.wait(_LOOK)  # who hangs then must not hold up the recovery
            for pid in filter(_has_library, children(fetcher)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    with meanwhile(kill):
        try:
            with level_zero.failing("zesDeviceGet hang"):
                yield
        finally:
            over.set()


def _has_library(pid: int) -> bool:
    try:
        return LIBRARY in Path(f"/proc/{pid}/maps").read_text()
    except OSError:  # it has ended
        return False


class _HeldByTheKernel:
    """The library is looked for on a disk first that does not answer, so that nobody can end who looks."""

    def __init__(self) -> None:
        self._disk: FragileDisk

    def ready(self, level_zero: LevelZero, rig: Rig) -> None:
        """Have the disk on the way."""
        folder = rig.folder / "disk"
        folder.mkdir()
        self._disk = rig.undo.enter_context(fragile_disk(folder))
        rig.daemon.env["LD_LIBRARY_PATH"] = f"{folder}:{level_zero.node.folder}"

    def begin(self, _level_zero: LevelZero, _rig: Rig) -> AbstractContextManager[None]:
        """Let it hang."""
        return self._disk.holding("LOOKUP")


_HELD: Final = _HeldByTheKernel()
_NO_LIBRARY: Final = "no_library"
_ERROR: Final = "driver_error"
_CRASHED: Final = "driver_crashed"

FAULTS: Final = (
    _call("the driver crashes", "zesFabricPortGetState crash", _CRASHED),
    replace(_call("the driver hangs", "zesDeviceGet hang", "timeout"), blocks=True),
    _call("the driver ends the process", "zesInit exit 0", "malformed"),
    _call("a call fails", f"zesDeviceEnumFabricPorts error {_UNKNOWN}", _ERROR),
    _call("a GPU is lost", f"zesDeviceGetProperties error {_DEVICE_LOST}", _ERROR),
    _fault("a GPU less than the kernel has", lambda it, _: it.altered(_without_the_first), "no_rights"),
    _call("garbage for how many there are", "zesDeviceEnumFabricPorts garbage", "malformed"),
    _call("garbage for ports", "zesFabricPortGetProperties garbage", "malformed"),
    _call("garbage for states", "zesFabricPortGetState garbage", _ERROR),
    _fault(
        "no port where the kernel has a fabric",
        lambda it, _: it.altered(_without_ports),
        "network_namespace",  # unless this machine has the fabric's driver
        "no_rights",
        "no_ports",
    ),
    _fault("library taken away", _away, _NO_LIBRARY),
    _fault("half a library", partial(_replaced, _half), _NO_LIBRARY, _CRASHED),
    _fault("a library that is none", partial(_replaced, lambda _: b"none\n"), _NO_LIBRARY),
    replace(
        _fault(
            "no library at first",
            _changed_to_it,
            _NO_LIBRARY,
            ready=_ask_xpu_manager_first,
        ),
        may_end=_PIPELINE,
    ),
    _fault("its process killed, each time", _killed, _CRASHED),
    replace(_call("its process stopped, each time", "zesDeviceGet stop", "timeout"), blocks=True),
    replace(
        _fault("its process held by the kernel", _HELD.begin, "timeout", ready=_HELD.ready),
        blocks=True,
        counts=False,  # nobody reads as long as it is there
    ),
)
