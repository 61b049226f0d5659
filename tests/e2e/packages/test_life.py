"""From installation to purge, in booted systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from support.daemon import wait_until
from support.package import CONFIG, PROGRAM, UNIT, Package
from support.service import FEATURES, FILE

if TYPE_CHECKING:
    from support.booted import Machine

NOTIFY_RELOAD: Final = 253  # since this systemd


@pytest.fixture
def version(machine: Machine) -> int:
    """Give the version of systemd."""
    return int(machine.run("systemctl", "--version").stdout.split()[1])


def test_installed_is_labels_are_there(package: Package) -> None:
    """After `apt-get install` the service runs, begins with each boot, and the labels are in the file."""
    package.install()
    package.wait_for_links()
    assert package.show("SubState") == "running"
    assert package.machine.run("systemctl", "is-enabled", UNIT).stdout == "enabled\n"
    owner = package.machine.run("stat", "--format=%U %a", FILE).stdout
    assert owner == "xelinkd 644\n"


def test_runs_confined_without_a_system_python(package: Package) -> None:
    """The packaged program is its own Python, confined by Landlock, and replaces workers that are killed."""
    package.install()
    package.wait_for_links()
    main = package.show("MainPID")
    assert package.machine.run("readlink", f"/proc/{main}/exe").stdout == "/usr/libexec/xelinkd/xelinkd\n"
    said = package.machine.run(
        "journalctl", f"--unit={UNIT}", "XELINKD_EVENT=confinement", "--output=json"
    ).stdout
    assert said
    assert "XELINKD_LACKING" not in said
    package.machine.run("sh", "-c", f'kill -KILL $(cat "/proc/{main}/task/{main}/children")')
    wait_until(
        lambda: package.machine.run("xelinkd", "status", check=False).returncode == 0, "a ready xelinkd"
    )
    assert package.show("MainPID") == main


def test_reload_is_as_systemd_knows_it(package: Package, version: int) -> None:
    """`systemctl reload` waits for the new configuration where systemd can, decided by what is installed."""
    package.install()
    assert package.show("Type") == ("notify-reload" if version >= NOTIFY_RELOAD else "notify")
    package.machine.run("systemctl", "reload", UNIT)


def test_upgrade_of_systemd_is_noticed(package: Package, version: int) -> None:
    """When systemd is upgraded to a version that can wait for reloads, it does from then on."""
    package.install()
    link = "/usr/lib/systemd/system/xelinkd.service.d/notify-reload.conf"
    package.machine.run("rm", "-f", link)
    package.machine.run("dpkg-trigger", "--by-package=systemd", "/usr/lib/systemd/systemd")
    package.machine.run("dpkg", "--configure", "--pending")
    is_there = package.machine.run("test", "-e", link, check=False).returncode == 0
    assert is_there == (version >= NOTIFY_RELOAD)


def test_upgrade_keeps_labels_and_configuration(package: Package) -> None:
    """An upgrade restarts the service at its end; labels and a changed configuration stay as they are."""
    package.install()
    package.wait_for_links()
    changed = package.machine.read(CONFIG).replace('lease = "24h"', 'lease = "36h"')
    package.machine.write(CONFIG, changed)
    package.machine.run("systemctl", "reload", UNIT)
    main, identity = package.show("MainPID"), package.identity()
    package.install("newer")
    wait_until(
        lambda: package.machine.run("xelinkd", "status", check=False).returncode == 0, "a ready xelinkd"
    )
    assert package.show("MainPID") != main
    assert package.identity() == identity
    assert package.machine.read(CONFIG) == changed
    assert package.machine.read(f"{CONFIG}.dpkg-dist").endswith("# of the newer version\n")


def test_upgrade_leaves_a_stopped_service_disabled(package: Package) -> None:
    """Who disabled the service finds it disabled after an upgrade."""
    package.install()
    package.machine.run("systemctl", "disable", "--now", UNIT)
    package.install("newer")
    assert package.machine.run("systemctl", "is-enabled", UNIT, check=False).stdout == "disabled\n"


def test_removed_is_labels_are_gone(package: Package) -> None:
    """With the package its labels go, since nobody keeps them true; the configuration stays."""
    package.install()
    package.wait_for_links()
    configuration = package.machine.read(CONFIG)
    package.remove()
    assert package.machine.read(FILE) == ""
    assert package.machine.run("systemctl", "is-active", UNIT, check=False).stdout != "active\n"
    assert package.machine.read(CONFIG) == configuration


def test_removal_leaves_the_labels_of_another_xelinkd(package: Package) -> None:
    """Labels stay where another xelinkd, such as a pod's, keeps them by then."""
    package.install()
    package.wait_for_links()
    package.machine.run("systemctl", "stop", UNIT)
    other = ("systemd-run", "--unit=other", PROGRAM, "run", "-startup-delay", "0", "--when-locked", "wait")
    package.machine.run(*other)
    try:
        wait_until(
            lambda: package.machine.run(PROGRAM, "status", check=False).returncode == 0, "the other xelinkd"
        )
        package.remove()
        assert package.links() == 6
    finally:
        package.machine.run("systemctl", "stop", "other")


def test_purged_is_nothing_left(package: Package) -> None:
    """A purge leaves the user, as Debian's packages do, and NFD's folder without our ACL; nothing else."""
    before = package.files()
    package.install()
    package.wait_for_links()
    package.machine.run("xelinkd", "check")
    package.machine.write("/etc/xelinkd/xpum.pem", "a pin\n")
    package.purge()
    assert package.files() - before <= {"/etc/kubernetes", "/etc/kubernetes/node-feature-discovery"}
    assert package.machine.run("ls", "-A", FEATURES).stdout == ""
    assert "xelinkd" not in package.machine.run("getfacl", FEATURES).stdout
