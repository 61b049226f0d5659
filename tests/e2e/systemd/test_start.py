"""From `systemctl start` to labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.service import FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.service import Service


def test_started_is_labels_are_there(service: Service, saw: Callable[[str, object], None]) -> None:
    """When `systemctl start` returns, the labels are in the file."""
    seconds = service.start()
    assert service.links() == 6
    assert service.show("SubState") == "running"
    saw("start to READY, with the labels written", seconds)


def test_status_tells_links_age_and_lease(service: Service) -> None:
    """`systemctl status` says in words which links there are, since when, and how long labels hold."""
    service.start()
    shown = service.machine.run("systemctl", "status", "xelinkd").stdout
    status = next(line.strip() for line in shown.splitlines() if line.strip().startswith("Status:"))
    assert status.startswith('Status: "6 links since 20')
    assert status.endswith(
        'Z, confirmed more than once a second; labels hold for 1 d from each confirmation"'
    )


def test_unknown_is_an_outcome(service: Service, saw: Callable[[str, object], None]) -> None:
    """A start does not fail and does not hang because XPU Manager is dead; the status says so."""
    service.machine.run("systemctl", "stop", "xpum")
    seconds = service.start()
    assert service.show("StatusText").startswith("topology unknown since 20")
    assert service.machine.read(FILE) == ""
    saw("start to READY while XPU Manager is dead", seconds)
