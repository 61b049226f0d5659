"""What the unit lets xelinkd do, and what it refuses to whoever takes it over."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from support.daemon import wait_until
from support.service import CONFIG, FEATURES, FILE, SHIPPED, UNIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.booted import Machine
    from support.service import Service

    Saw = Callable[[str, object], None]

PROBE: Final = "xelinkd-probe.service"
OUTPUT: Final = "/run/xelinkd-probe.json"
ACTS: Final = f"""\
import ctypes, json, mmap, os, pathlib, socket, sys

def write(path):
    pathlib.Path(path).write_text("here")

def libc(name, *arguments):
    made = ctypes.CDLL(None, use_errno=True)
    if getattr(made, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

acts = {{
    "write into features.d": lambda: write("{FEATURES}/x"),
    "write into /etc": lambda: write("/etc/x"),
    "write into NFD's folder": lambda: write("{FEATURES}/../x"),
    "write its own configuration": lambda: write("{CONFIG}"),
    "write into /usr": lambda: write("/usr/x"),
    "write into /var": lambda: write("/var/x"),
    "write into /var/lib": lambda: write("/var/lib/x"),
    "write into /run": lambda: write("/run/x"),
    "write into /dev/shm": lambda: write("/dev/shm/x"),
    "write to the kernel": lambda: write("/proc/sys/kernel/hostname"),
    "read root's home": lambda: os.listdir("/root"),
    "open a raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "open a packet socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "open a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "open a vsock": lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
    "make a namespace": lambda: libc("unshare", 0x10000000),
    "mount": lambda: libc("mount", b"x", b"/tmp", b"tmpfs", 0, None),
    "change root": lambda: os.chroot("/tmp"),
    "become root": lambda: os.setuid(0),
    "set the clock": lambda: libc("settimeofday", b"0" * 16, None),
    "set the host's name": lambda: socket.sethostname("x"),
    "trace a process": lambda: libc("ptrace", 16, os.getppid(), None, None),
    "get memory to write and execute": lambda: mmap.mmap(-1, 4096, prot=7),
    "make a file set-user-id": lambda: os.chmod("{FEATURES}/x", 0o4755),
    "give a file away": lambda: os.chown("{FEATURES}/x", 0, 0),
    "open a device": lambda: open("/dev/mem"),
    "see kernel messages": lambda: open("/dev/kmsg"),
}}
done = {{}}
for name, act in acts.items():
    try:
        act()
        done[name] = "done"
    except (OSError, ValueError) as error:
        done[name] = "refused"
print(json.dumps(done))
"""
ALLOWED: Final = {"write into features.d"}


def probe(machine: Machine) -> dict[str, str]:
    """Do the acts in the unit's sandbox, as its user; give what became of each."""
    text = machine.read(f"{SHIPPED}/xelinkd.service")
    for pattern, put in (
        (r"^ExecStart=.*", "ExecStart=/usr/bin/python3 /usr/lib/xelinkd-probe.py"),
        (r"^ExecReload=.*", ""),
        (r"^Type=.*", "Type=oneshot"),
        (r"^(WatchdogSec|Restart|RestartSec)=.*", ""),
        (r"^StandardOutput=.*", f"StandardOutput=file:{OUTPUT}"),
    ):
        text = re.sub(pattern, put, text, flags=re.MULTILINE)
    machine.write(f"/etc/systemd/system/{PROBE}", text)
    machine.write("/usr/lib/xelinkd-probe.py", ACTS)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", PROBE)
    done: dict[str, str] = json.loads(machine.read(OUTPUT))
    return done


def test_all_but_the_feature_file_is_refused(service: Service, saw: Saw) -> None:
    """A xelinkd that is taken over as a whole can write labels, and nothing else; it gets no privilege."""
    done = probe(service.machine)
    assert {name for name, how in done.items() if how == "done"} == ALLOWED
    saw("what a taken-over xelinkd could try in its unit", f"{len(done) - 1} of {len(done)} refused")


def test_it_runs_as_its_own_user(service: Service, saw: Saw) -> None:
    """All processes are the user xelinkd's, without capabilities; the file is there for all to read."""
    service.start()
    statuses = [service.machine.read(f"/proc/{pid}/status") for pid in service.processes()]
    user = service.machine.run("id", "--user", "xelinkd").stdout.strip()
    assert user != "0"
    for status in statuses:
        assert f"\nUid:\t{user}\t{user}\t{user}\t{user}\n" in status
        assert "\nCapEff:\t0000000000000000\n" in status
        assert "\nCapBnd:\t0000000000000000\n" in status
        assert "\nSeccomp:\t2\n" in status
    assert service.machine.run("stat", "--format=%U %a", FILE).stdout == "xelinkd 644\n"
    read = service.machine.run("setpriv", "--reuid=nobody", "--clear-groups", "cat", FILE).stdout
    assert "xe-links" in read
    saw("user, mode of the file", "xelinkd, 0644")


def test_folder_is_nfds_own(service: Service, saw: Saw) -> None:
    """Owner, group and mode of features.d stay as they were; only an entry of an ACL is new."""
    machine = service.machine
    machine.run("rm", "-rf", "/etc/kubernetes")
    machine.run("install", "-d", "-o", "daemon", "-g", "games", "-m", "2750", FEATURES)
    machine.run("systemd-tmpfiles", "--create", "xelinkd.conf")
    shown = machine.run("getfacl", "--absolute-names", FEATURES).stdout
    for line in (
        "# owner: daemon",
        "# group: games",
        "# flags: -s-",
        "user:xelinkd:rwx",
        "group::r-x",
        "other::---",
    ):
        assert line in shown.splitlines()
    service.start()
    assert service.links() == 6
    saw("features.d of another owner, group and mode", "left as it is, labels written")


def test_file_of_the_old_program_is_taken_over(service: Service, saw: Saw) -> None:
    """A feature file that root's Go program left is replaced, though the user may not write it."""
    service.machine.write(FILE, "gpu.intel.com/xe-links=0.0-1.0\n")
    service.start()
    assert service.links() == 6
    assert service.machine.run("stat", "--format=%U %a", FILE).stdout == "xelinkd 644\n"
    saw("a feature file of root's, left by the Go program", "replaced")


def test_folder_that_root_used_before(service: Service, saw: Saw) -> None:
    """After root ran xelinkd by hand, what it left keeps the service from nothing."""
    machine = service.machine
    machine.run("rm", "-rf", f"{FEATURES}/.xelinkd")
    machine.run("/usr/bin/xelinkd", "once")
    machine.run("systemd-tmpfiles", "--create", "xelinkd.conf")
    owners = machine.run("sh", "-c", f"stat --format=%U {FEATURES}/.xelinkd {FEATURES}/.xelinkd/*").stdout
    assert set(owners.split()) == {"xelinkd"}
    service.start()
    service.order("/links/0.0-1.0", "down")
    wait_until(lambda: service.links() == 5, "the labels")
    assert not service.journal("XELINKD_EVENT=feature_file_failing")
    saw("features.d after root ran `xelinkd once`", "taken over by tmpfiles.d, labels written")


def test_group_where_there_are_no_acls(service: Service, saw: Saw) -> None:
    """On a file system without ACLs the shipped example lets the user write as a group."""
    machine = service.machine
    machine.run("setfacl", "--remove-all", FEATURES)
    machine.write("/etc/tmpfiles.d/xelinkd.conf", machine.read(f"{SHIPPED}/examples/tmpfiles-group.conf"))
    machine.run("systemd-tmpfiles", "--create", "xelinkd.conf")
    machine.run("rm", "/etc/tmpfiles.d/xelinkd.conf")
    assert machine.run("stat", "--format=%U %G %a", FEATURES).stdout == "root xelinkd 775\n"
    service.start()
    assert service.links() == 6
    saw("features.d by group (examples/tmpfiles-group.conf)", "labels written")


def test_metrics_of_all_processes(service: Service) -> None:
    """The sandbox does not hide from the status process what the other ones cost."""
    service.start()
    ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:29998/metrics').read().decode())"
    shown = wait_until(
        lambda: service.machine.run("/usr/bin/python3", "-c", ask, check=False).stdout, "metrics"
    )
    named = re.findall(r'^xelinkd_process_resident_memory_bytes\{process="(\w+)"\}', shown, re.MULTILINE)
    assert set(named) == {"supervisor", "fetcher", "writer", "watcher", "status"}


def test_exposure(machine: Machine, saw: Saw) -> None:
    """The unit is well confined, says systemd itself."""
    command = ("systemd-analyze", "security", "--offline=true", "--threshold=15")
    shown = machine.run(*command, f"{SHIPPED}/xelinkd.service").stdout
    found = re.search(r"exposure level for xelinkd.service: ([0-9.]+)", shown)
    assert found is not None
    saw("systemd-analyze security", f"{found[1]}")


def test_unit_is_clean(machine: Machine, version: int, saw: Saw) -> None:
    """Nothing is to be said about the unit, nor about a drop-in that is meant for this systemd."""
    examples = machine.run("ls", f"{SHIPPED}/examples").stdout.split()
    names = [f"examples/{name}" for name in examples if name != "tmpfiles-group.conf"]
    names += ["notify-reload.conf"] if version >= 253 else []
    for name in [None, *names]:
        machine.run("rm", "-rf", f"/etc/systemd/system/{UNIT}.d")
        if name:
            machine.write(f"/etc/systemd/system/{UNIT}.d/x.conf", machine.read(f"{SHIPPED}/{name}"))
        done = machine.run("systemd-analyze", "verify", "--recursive-errors=yes", "--man=no", UNIT)
        assert done.stdout + done.stderr == "", name
    machine.run("rm", "-rf", f"/etc/systemd/system/{UNIT}.d")
    saw("systemd-analyze verify, unit and drop-ins", "clean")
