"""How a reading fails: each in its own words, and none of them is "no links"."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.daemon import children, wait_until

from standins.level_zero import GPU, Node, address_of, built, state_of
from xelinkd.model.observation import Unknown
from xelinkd.model.page import Page
from xelinkd.model.unknown import Reason
from xelinkd.simulator.machine import parse_machine
from xelinkd.sources.level_zero.netlink import Family, family
from xelinkd.sources.level_zero.source import LevelZero

if TYPE_CHECKING:
    from standins.level_zero import Node as AnyNode

CALLS = (
    "zesInit",
    "zesDriverGet",
    "zesDeviceGet",
    "zesDeviceGetProperties",
    "zesDevicePciGetProperties",
    "zesDeviceEnumFabricPorts",
    "zesFabricPortGetProperties",
    "zesFabricPortGetConfig",
    "zesFabricPortGetState",
)


def failure(source: LevelZero) -> Unknown:
    """Ask; it must not know."""
    outcome = source.look().outcome
    assert isinstance(outcome, Unknown)
    return outcome


def without_ports(node: AnyNode) -> None:
    """Let Level Zero show GPUs, and no port."""
    node.write([line for line in state_of(node.machine) if not line.startswith("port")])


def test_a_missing_library_is_told_by_its_name(tmp_path: Path) -> None:
    """Who has no Level Zero reads which file is missing."""
    found = failure(LevelZero(20, "libze_loader_that_is_not_there.so.1", tmp_path))
    assert found.reason is Reason.NO_LIBRARY
    assert "libze_loader_that_is_not_there.so.1" in found.detail


class FrozenLibrary(ctypes.CDLL):
    """What PyInstaller puts in the place of `ctypes.CDLL` in a program that it made self-contained."""

    def __init__(self, name: str) -> None:
        """Load it, or say that it was not found when the program was made."""
        try:
            super().__init__(name)
        except Exception as error:
            raise OSError(f"Failed to load dynlib/dll {name!r}, not found when frozen") from error


def test_a_packages_program_names_the_missing_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who installed the package reads what the linker says, too: which library is missing, and why."""
    monkeypatch.setattr(ctypes, "CDLL", FrozenLibrary)
    broken = tmp_path / "libze_loader.so.1"
    broken.write_bytes(b"no library")
    assert "file too short" in failure(LevelZero(20, str(broken), tmp_path)).detail


def test_a_loader_that_is_too_old_is_told_as_that(tmp_path: Path) -> None:
    """Debian 12's loader has no zesInit: the version that it takes is named."""
    found = failure(Node(tmp_path / "n", parse_machine("3x2"), loader=built("-DWITHOUT_INIT")).source())
    assert found.reason is Reason.NO_LIBRARY
    assert "too old, it takes 1.10 or newer" in found.detail


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("error 0x70000001", Reason.DRIVER_ERROR),
        ("error 0x70010000", Reason.NO_RIGHTS),
        ("error 0x70020000", Reason.NO_LIBRARY),
        ("crash", Reason.DRIVER_CRASHED),
        ("exit 0", Reason.MALFORMED),
        ("exit 3", Reason.DRIVER_CRASHED),
    ],
)
def test_a_call_that_fails_makes_all_unknown(node: Node, call: str, fault: str, reason: Reason) -> None:
    """Whichever call fails: the reason is told, and no part of the machine is taken for the whole."""
    node.tell(node.machine, f"{call} {fault}")
    assert failure(node.source()).reason is reason


@pytest.mark.parametrize("call", CALLS[1:])
def test_garbage_is_never_a_topology(node: Node, call: str) -> None:
    """A driver that says nonsense and calls it a success gives no link, and takes none away."""
    node.tell(node.machine, f"{call} garbage")
    assert failure(node.source()).reason in {Reason.MALFORMED, Reason.DRIVER_ERROR, Reason.NO_RIGHTS}


def test_a_driver_that_hangs_is_killed(node: Node) -> None:
    """A driver that never comes back costs the deadline and leaves no process behind."""
    node.tell(node.machine, "zesDeviceGet hang")
    before = set(children(os.getpid()))
    assert failure(node.source(0.2)).reason is Reason.TIMEOUT
    assert set(children(os.getpid())) <= before


def test_a_stopped_process_is_killed_too(node: Node) -> None:
    """Not even a stopped process outlives its deadline."""
    node.tell(node.machine, "zesDeviceGet stop")
    before = set(children(os.getpid()))
    assert failure(node.source(0.2)).reason is Reason.TIMEOUT
    assert set(children(os.getpid())) <= before


def test_the_process_dies_with_who_asked(node: Node) -> None:
    """A fetcher that is killed while the driver hangs leaves nobody who asks on."""
    node.tell(node.machine, "zesDeviceGet hang")
    asking = os.fork()
    if asking == 0:
        node.source(60).look()
        os._exit(0)
    (reader,) = wait_until(lambda: children(asking), "the process that asks")
    pidfd = os.pidfd_open(reader)
    os.kill(asking, signal.SIGKILL)
    os.waitpid(asking, 0)
    wait_until(lambda: not Path(f"/proc/{reader}").exists() or _has_ended(reader), "its end")
    os.close(pidfd)


def _has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def test_what_a_driver_prints_is_nobodys(node: Node, capfd: pytest.CaptureFixture[str]) -> None:
    """A driver that talks spoils neither a JSON document nor a log."""
    node.tell(node.machine, "zesInit print")
    assert isinstance(node.source().look().outcome, Page)
    assert capfd.readouterr() == ("", "")


def descriptors() -> int:
    """Count what this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_descriptor_is_left(node: Node) -> None:
    """A daemon that asks for years holds as many descriptors as at its start."""
    source = node.source()
    source.look()
    before = descriptors()
    for fault in ("zesInit crash", "zesInit error 1", "zesInit print"):
        node.tell(node.machine, fault)
        source.look()
    assert descriptors() == before


def test_no_port_where_the_kernel_has_a_fabric_is_unknown(node: Node) -> None:
    """Level Zero calls it a success when it cannot reach the fabric; that is not a machine without links."""
    without_ports(node)
    found = failure(node.source())
    assert found.reason is Reason.NETWORK_NAMESPACE
    assert address_of(0) in found.detail


def test_no_port_of_a_gpu_that_the_kernel_hides_is_unknown(node: Node) -> None:
    """Without /sys nobody can tell whether there should be ports."""
    without_ports(node)
    found = failure(LevelZero(20, str(node.library), node.folder / "nothing"))
    assert found.reason is Reason.NO_PORTS


def test_gpus_without_a_fabric_have_no_links(node: Node) -> None:
    """A node whose GPUs have no fabric is known, and has no links."""
    without_ports(node)
    for file in node.sysfs.glob("devices/pci/*/i915.iaf.*/iaf_fabric_id"):
        file.unlink()
    outcome = node.source().look().outcome
    assert isinstance(outcome, Page)
    assert (len(outcome.topology.tiles), outcome.topology.sightings) == (6, ())


def test_a_gpu_that_is_hidden_from_us_makes_all_unknown(node: Node) -> None:
    """Where a container has some of the GPUs only, the others' numbers would be wrong: nothing is told."""
    lines = state_of(node.machine)
    second = [number for number, line in enumerate(lines) if line.startswith("gpu")][1]
    node.write(lines[second:])
    found = failure(node.source())
    assert found.reason is Reason.NO_RIGHTS
    assert address_of(0) in found.detail


@pytest.mark.parametrize("fault", ["zesInit error 0x78000001", "zesInit print"])
def test_no_gpu_at_all_is_told_as_that(node: Node, fault: str) -> None:
    """On a node without GPUs the reason is neither a right nor a library."""
    node.write([f"fault {fault}"])
    assert failure(LevelZero(20, str(node.library), node.folder / "nothing")).reason is Reason.NO_GPU


@pytest.mark.skipif(Path("/dev/dri").exists(), reason="this machine has a GPU of its own")
def test_a_gpu_without_device_node_is_a_matter_of_rights(node: Node) -> None:
    """Where the kernel has GPUs and Level Zero sees none, the device nodes are what is missing."""
    node.write(["fault zesInit error 0x78000001"])
    found = failure(node.source())
    assert found.reason is Reason.NO_RIGHTS
    assert "/dev/dri has no device node" in found.detail


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"gpu 0 300 0 0 {GPU} 0\nport 1 0 1 0 0 1 1 4 4 2 0 1", Reason.MALFORMED),
        (f"gpu 0 24 0 0 {GPU} 0\nport 4096 0 1 1 0 1 1 4 4 2 0 1", Reason.MALFORMED),
        (f"gpu 9 9 0 0 {GPU} 999\nport 1 0 1 0 0 1 1 4 4 2 0 1", Reason.MALFORMED),
        (f"gpu 9 9 0 0 {GPU} 2\nport 1 0 1 1 5 1 1 4 4 2 0 1", Reason.MALFORMED),
        (f"gpu 9 9 0 0 {GPU} 0\nport 1 0 1 0 0 1 1 -1 -1 2 0 1", Reason.MALFORMED),
        (
            "\n".join(f"gpu 9 {bus} 0 0 {GPU} 64\nport {bus} 0 1 0 0 0 3 4 4 0 0 0" for bus in range(3)),
            Reason.TOO_LARGE,
        ),
    ],
    ids=["address", "double", "sub-devices", "tile", "lanes", "size"],
)
def test_a_machine_that_cannot_be_is_not_believed(node: Node, line: str, reason: Reason) -> None:
    """What no machine can be is refused as a whole."""
    node.write([*state_of(node.machine), line])
    assert failure(node.source()).reason is reason


def test_a_process_that_cannot_be_started_is_told(node: Node) -> None:
    """On a node that lets nothing be started any more the topology is unknown, and nothing leaks."""
    source = node.source()
    source.look()
    gc.collect()  # what earlier tests left would be closed meanwhile
    before, (soft, hard) = descriptors(), resource.getrlimit(resource.RLIMIT_NOFILE)
    next_one = os.dup(0)
    os.close(next_one)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_one, hard))
    try:
        found = failure(source)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (found.reason, descriptors()) == (Reason.DRIVER_CRASHED, before)


def test_devices_that_are_no_gpus_do_not_count(node: Node) -> None:
    """An NPU beside the GPUs shifts no number."""
    node.write(["gpu 0 1 0 0 5 0", *state_of(node.machine)])
    outcome = node.source().look().outcome
    assert isinstance(outcome, Page)
    assert len(outcome.topology.tiles) == 6


def test_the_kernel_tells_which_families_speak_here() -> None:
    """Whether a driver speaks in this network namespace is asked of the real kernel."""
    assert family("nlctrl") is Family.THERE
    assert family("there_is_none") is Family.MISSING
