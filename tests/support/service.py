"""xelinkd as a service of a booted systemd, and the XPU Manager beside it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from support.daemon import toml, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.booted import Machine

UNIT: Final = "xelinkd.service"
PROGRAM: Final = "/opt/xelinkd"  # where the container sees the program and its libraries
SHIPPED: Final = "/opt/shipped"  # and what the repository ships for systemd
FEATURES: Final = "/etc/kubernetes/node-feature-discovery/features.d"
FILE: Final = f"{FEATURES}/xpum-sidecar-labels.txt"
CONFIG: Final = "/etc/xelinkd/xelinkd.toml"
_DROP_INS: Final = "/etc/systemd/system/xelinkd.service.d"

_STARTER: Final = f"""\
#!/usr/bin/python3
import sys
sys.path.insert(0, "{PROGRAM}")
from xelinkd.cli import main
sys.exit(main())
"""
_XPUM: Final = """\
[Service]
Type=exec
ExecStart=/usr/bin/xelinkd simulate 3x2
ExecStartPost=/bin/sh -c 'until /usr/bin/xelinkd show http://127.0.0.1:29999/metrics; do :; done'
KillSignal=SIGKILL
"""
_ORDER: Final = """\
import sys, urllib.request
request = urllib.request.Request("http://127.0.0.1:29999" + sys.argv[1], sys.argv[2].encode(), method="PUT")
urllib.request.urlopen(request, timeout=10)
"""


def install(machine: Machine) -> None:
    """Put everything where a package would."""
    machine.write("/usr/bin/xelinkd", _STARTER)
    machine.write("/etc/systemd/system/xpum.service", _XPUM)
    places = {
        "xelinkd.service": f"/usr/lib/systemd/system/{UNIT}",
        "xelinkd.sysusers": "/usr/lib/sysusers.d/xelinkd.conf",
        "xelinkd.tmpfiles": "/usr/lib/tmpfiles.d/xelinkd.conf",
    }
    for name, place in places.items():
        machine.run("install", "-D", "-m644", f"{SHIPPED}/{name}", place)
    machine.run("chmod", "755", "/usr/bin/xelinkd")
    machine.run("systemd-sysusers", "xelinkd.conf")
    machine.run("systemctl", "daemon-reload")


class Service:
    """The service, its configuration and what it leaves; with an XPU Manager of 6 links."""

    def __init__(self, machine: Machine) -> None:
        """Begin as on a machine where it was just installed, with a configuration for impatient people."""
        self.machine = machine
        machine.run("rm", "-rf", "/etc/kubernetes", _DROP_INS, "/etc/xelinkd", "/var/lib/xelinkd")
        machine.run("systemd-tmpfiles", "--create", "xelinkd.conf")
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", "xpum")
        self._began = machine.run("date", "+%s.%N").stdout.strip()
        self.configure()

    def close(self) -> None:
        """End it, whatever state it is in."""
        self.machine.run("systemctl", "stop", UNIT, "xpum", check=False)
        self.machine.run("systemctl", "reset-failed", check=False)

    def configure(self, **changes: Mapping[str, object]) -> None:
        """Write the configuration."""
        settings: dict[str, dict[str, object]] = {"source": {"interval": "500ms", "startup_delay": "0s"}}
        for section, keys in changes.items():
            settings.setdefault(section, {}).update(keys)
        self.machine.write(CONFIG, toml(settings))

    def drop_in(self, text: str, name: str = "test") -> None:
        """Change the unit."""
        self.machine.write(f"{_DROP_INS}/{name}.conf", text)
        self.machine.run("systemctl", "daemon-reload")

    def use_example(self, name: str) -> None:
        """Change the unit as one of the shipped files does."""
        self.drop_in(self.machine.read(f"{SHIPPED}/{name}"), Path(name).stem)

    def systemctl(self, verb: str, *, check: bool = True) -> float:
        """Ask for something and wait for it; give the seconds it took."""
        began = time.monotonic()
        self.machine.run("systemctl", verb, UNIT, check=check)
        return time.monotonic() - began

    def start(self) -> float:
        """Start it; give the seconds until systemd says that it runs."""
        return self.systemctl("start")

    def show(self, name: str) -> str:
        """Give a property of the unit."""
        return self.machine.run("systemctl", "show", "--value", f"--property={name}", UNIT).stdout.strip()

    @property
    def main(self) -> int:
        """The supervisor's process id, inside."""
        return int(self.show("MainPID"))

    def processes(self) -> list[int]:
        """Give the process ids of the tree, inside."""
        group = self.show("ControlGroup")
        places = " ".join(f"/sys/fs/cgroup{place}{group}/cgroup.procs" for place in ("", "/systemd"))
        found = self.machine.run("sh", "-c", f"cat {places} 2>/dev/null", check=False).stdout
        return sorted({int(pid) for pid in found.split()})

    def signal(self, name: str, *pids: int) -> None:
        """Send a signal to processes inside."""
        self.machine.run("kill", f"-{name}", *map(str, pids))

    def order(self, path: str, order: str) -> None:
        """Let something happen to the XPU Manager."""
        self.machine.run("/usr/bin/python3", "-c", _ORDER, f"/simulator{path}", order)

    def labels(self, file: str = FILE) -> str:
        """Give the label lines of the feature file."""
        lines = self.machine.read(file).splitlines()
        return "\n".join(line for line in lines if not line.startswith("#"))

    def links(self, file: str = FILE) -> int:
        """Give the number of links that the labels name."""
        value = self.labels(file).partition("=")[2]
        return len(value.split("_")) if value else 0

    def journal(self, *matches: str) -> list[dict[str, Any]]:
        """Give the journal's entries since this test began that match."""
        command = ("journalctl", "--output=json", "--all", f"--since=@{self._began}", *matches)
        return [json.loads(line) for line in self.machine.run(*command, check=False).stdout.splitlines()]

    def wait_for(self, event: str) -> dict[str, Any]:
        """Wait for an event in the journal, and give it."""
        found: list[dict[str, Any]] = wait_until(lambda: self.journal(f"XELINKD_EVENT={event}"), event)
        return found[0]
