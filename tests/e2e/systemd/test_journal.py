"""The journal, as people filter it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.daemon import wait_until
from support.service import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.service import Service

    Saw = Callable[[str, object], None]


def test_events_are_filtered_by_name_and_field(service: Service, saw: Saw) -> None:
    """`journalctl XELINKD_EVENT=link_lost` finds what a confined worker told, in this unit."""
    service.start()
    service.order("/links/0.0-1.0", "down")
    lost = service.wait_for("link_lost")
    assert lost["_SYSTEMD_UNIT"] == "xelinkd.service"
    assert lost["PRIORITY"] == "4"
    assert lost["SYSLOG_IDENTIFIER"] == "xelinkd"
    assert lost["XELINKD_PROCESS"] == "writer"
    assert lost["MESSAGE"] == "link_lost count=1 links=0.0-1.0"
    assert service.journal("XELINKD_LINKS=0.0-1.0", "XELINKD_EVENT=link_lost")
    assert not service.journal("XELINKD_EVENT=link_back")
    saw("journalctl XELINKD_EVENT=link_lost, XELINKD_LINKS=0.0-1.0", "found")


def test_every_process_tells_the_journal(service: Service) -> None:
    """No process writes lines of JSON into the journal, and none is missing."""
    service.configure(log={"level": "debug"})
    service.start()
    service.order("/mode", "error-500")
    service.wait_for("topology_unknown")
    service.wait_for("status_listening")
    entries = service.journal("--unit=xelinkd")
    ours = [entry for entry in entries if entry["_COMM"].startswith("xelinkd")]
    assert {entry.get("XELINKD_PROCESS") for entry in ours} >= {"supervisor", "fetcher", "writer", "status"}
    assert all("XELINKD_EVENT" in entry for entry in ours)


def test_kernel_holds_all_that_workers_promised(service: Service, saw: Saw) -> None:
    """Landlock works inside the sandbox, and lacks nothing that this kernel has."""
    service.start()
    confinement = service.wait_for("confinement")
    assert int(confinement["XELINKD_LANDLOCK_ABI"]) >= 6
    assert "XELINKD_LACKING" not in confinement
    assert not service.journal("XELINKD_EVENT=confinement_failed")
    saw("Landlock in the sandbox", f"ABI {confinement['XELINKD_LANDLOCK_ABI']}, lacking nothing")


def test_large_entry_is_whole(service: Service, saw: Saw) -> None:
    """An event that takes more than a datagram arrives whole."""
    send = f"""\
import sys
sys.path.insert(0, "{PROGRAM}")
from xelinkd import journal
event = {{"level": "info", "process": "once", "event": "large", "detail": "x" * 1_000_000}}
journal.send(journal.entry(event))
"""
    service.machine.run("/usr/bin/python3", "-c", send)
    assert len(service.wait_for("large")["XELINKD_DETAIL"]) == 1_000_000
    saw("an event of 2 MB in the journal", "whole")


def test_journal_that_takes_nothing(service: Service, saw: Saw) -> None:
    """Where the journal's socket cannot be had, every event is a line of JSON on standard error."""
    service.drop_in("[Service]\nInaccessiblePaths=/run/systemd/journal/socket\n")
    service.start()

    def told() -> bool:
        return any('"event":"labels_changed"' in str(e["MESSAGE"]) for e in service.journal("--unit=xelinkd"))

    wait_until(told, "labels_changed as JSON")
    assert not service.journal("XELINKD_EVENT=labels_changed")
    saw("the journal's socket is taken away", "JSON on standard error, nothing lost")
