"""xelinkd as a Debian package in a booted system, with an XPU Manager beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from support.daemon import wait_until
from support.service import FEATURES, FILE

if TYPE_CHECKING:
    from support.booted import Machine

PACKAGES: Final = "/opt/packages"  # where the container sees what was built
PROGRAM: Final = "/opt/packages/first/work/root/usr/libexec/xelinkd/xelinkd"
UNIT: Final = "xelinkd.service"
CONFIG: Final = "/etc/xelinkd/xelinkd.toml"
_DROP_IN: Final = "/etc/systemd/system/xelinkd.service.d/test.conf"
_XPUM: Final = f"""\
[Service]
Type=exec
ExecStart={PROGRAM} simulate 3x2
ExecStartPost=/bin/sh -c 'until {PROGRAM} show http://127.0.0.1:29999/metrics; do :; done'
KillSignal=SIGKILL
"""
# People would wait for the startup delay; tests need not.
_IMPATIENT: Final = """\
[Service]
ExecStart=
ExecStart=/usr/bin/xelinkd run -startup-delay 0
"""


class Package:
    """The package in a system, from before it is installed to after it was purged."""

    def __init__(self, machine: Machine) -> None:
        """Begin without it, with an XPU Manager of 6 links."""
        self.machine = machine
        machine.write("/etc/systemd/system/xpum.service", _XPUM)
        machine.write(_DROP_IN, _IMPATIENT)
        machine.run(
            "rm", "-f", "/usr/sbin/policy-rc.d"
        )  # images for building have one that starts no service
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", "xpum")

    def close(self) -> None:
        """Leave nothing, whatever state it is in."""
        self.purge(check=False)
        self.machine.run("systemctl", "stop", "xpum", check=False)
        self.machine.run("rm", "-rf", "/etc/kubernetes", "/etc/systemd/system/xelinkd.service.d")

    def apt(self, *arguments: str, check: bool = True) -> None:
        """Let apt do something, as an unattended upgrade does: a changed configuration is kept."""
        options = (
            "--yes",
            "-oDpkg::Options::=--force-confdef",
            "-oDpkg::Options::=--force-confold",
        )
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
        self.machine.run("apt-get", *options, *arguments, check=check, env=environment)

    def install(self, which: str = "first") -> None:
        """Install one that was built: the first, or the newer one."""
        self.apt("install", self.machine.run("sh", "-c", f"ls {PACKAGES}/{which}/*.deb").stdout.strip())

    def remove(self) -> None:
        """Remove it, and leave its configuration."""
        self.apt("remove", "xelinkd")

    def purge(self, *, check: bool = True) -> None:
        """Remove it and its configuration."""
        self.apt("purge", "xelinkd", check=check)

    def show(self, name: str) -> str:
        """Give a property of the unit."""
        return self.machine.run("systemctl", "show", "--value", f"--property={name}", UNIT).stdout.strip()

    def links(self) -> int:
        """Give the number of links that the labels name."""
        labels = [
            line for line in self.machine.read(FILE).splitlines() if line.partition("=")[2] and line[0] != "#"
        ]
        return len(labels[0].partition("=")[2].split("_")) if labels else 0

    def wait_for_links(self) -> None:
        """Wait until all are in the file."""
        wait_until(lambda: self.links() == 6, "six links")

    def identity(self) -> str:
        """Tell the feature file from any other, and this state of it from any former."""
        return self.machine.run("stat", "--format=%i %Z", FILE).stdout

    def files(self) -> set[str]:
        """List the system's configuration, and all that bears our name, but for what dpkg and apt keep."""
        command = "find /etc; find /usr /var/lib /var/cache -xdev -path '*xelinkd*' ! -path '/var/lib/dpkg/*'"
        return set(self.machine.run("sh", "-c", command).stdout.splitlines()) - {FEATURES}
