"""What kills the service or stops it, and what becomes of the labels."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from support.daemon import wait_until
from support.service import CONFIG, FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.service import Service

    Saw = Callable[[str, object], None]


_OTHER = ("systemd-run", "--unit=other", "--uid=xelinkd", "--collect", "/usr/bin/xelinkd")


def is_back(service: Service, former: int) -> bool:
    """Tell whether another main process runs and is ready; the labels are looked at each time."""
    assert service.links() == 6
    return service.main not in {0, former} and service.show("SubState") == "running"


def until_it_is_back(service: Service, former: int) -> float:
    """Wait for the restart; give the seconds it took."""
    began = time.monotonic()
    wait_until(lambda: is_back(service, former), "the restart", 60)
    return time.monotonic() - began


def test_stopped_supervisor_is_restarted(service: Service, saw: Saw) -> None:
    """A supervisor that does not turn is ended by the watchdog, and the labels are never away."""
    service.drop_in("[Service]\nWatchdogSec=3\n")
    service.start()
    main = service.main
    service.signal("STOP", main)
    seconds = until_it_is_back(service, main)
    said = "\n".join(str(entry["MESSAGE"]) for entry in service.journal("--unit=xelinkd"))
    assert "Watchdog timeout" in said
    assert "supervisor/loop.py" in said  # where it hung
    saw("SIGSTOP to the supervisor (WatchdogSec=3) to READY again", seconds)


def test_stopped_tree_is_restarted(service: Service, saw: Saw) -> None:
    """A tree of which nothing runs any more is ended whole, and started anew."""
    service.drop_in("[Service]\nWatchdogSec=3\n")
    service.start()
    main, processes = service.main, service.processes()
    assert len(processes) == 5
    service.signal("STOP", *processes)
    seconds = until_it_is_back(service, main)
    assert not set(processes) & set(service.processes())
    saw("SIGSTOP to all its processes (WatchdogSec=3) to READY again", seconds)


def test_healthy_service_is_left_alone(service: Service, saw: Saw) -> None:
    """A service that works outlives many times the watchdog's patience, whatever the source does."""
    service.configure(source={"interval": "20s", "startup_delay": "0s"})
    service.drop_in("[Service]\nWatchdogSec=1\n")
    service.start()
    main = service.main
    service.machine.run("systemctl", "stop", "xpum")
    time.sleep(5)
    assert service.main == main
    assert service.show("NRestarts") == "0"
    saw("5 s at rest with WatchdogSec=1, XPU Manager dead", "left alone")


def test_killed_supervisor_is_restarted(service: Service, saw: Saw) -> None:
    """After a kill -9 of the supervisor the labels stay, and the service is back."""
    service.start()
    main, processes = service.main, service.processes()
    service.signal("KILL", main)
    seconds = until_it_is_back(service, main)
    assert not set(processes) & set(service.processes())
    assert service.journal("XELINKD_EVENT=labels_adopted")
    saw("kill -9 of the supervisor to READY again (RestartSec=2)", seconds)


def test_killed_worker_restarts_no_service(service: Service, saw: Saw) -> None:
    """A worker that is killed (by the OOM killer, say) is replaced by the supervisor."""
    service.start()
    main, processes = service.main, service.processes()
    workers = [pid for pid in processes if pid != main]
    began = time.monotonic()
    service.signal("KILL", *workers)
    wait_until(lambda: len(set(service.processes()) - set(workers)) == 5, "new workers")
    saw("kill -9 of all workers to new ones", time.monotonic() - began)
    assert service.main == main
    assert service.links() == 6


def test_wrong_configuration_is_not_tried_again(service: Service, saw: Saw) -> None:
    """A start with a wrong configuration fails, says why, and is not repeated for ever."""
    service.machine.write(CONFIG, "[labels]\nmin_lanes = -1\n")
    assert service.machine.run("systemctl", "start", "xelinkd", check=False).returncode != 0
    assert service.show("ActiveState") == "failed"
    assert service.show("ExecMainStatus") == "2"
    assert any("labels.min_lanes" in str(entry["MESSAGE"]) for entry in service.journal("--unit=xelinkd"))
    saw("start with a wrong configuration", "failed, not repeated")


def test_second_xelinkd_gives_way(service: Service, saw: Saw) -> None:
    """Where another xelinkd keeps the file, the service fails with status 4 rather than fighting."""
    service.machine.run(*_OTHER, "run")
    try:
        wait_until(lambda: service.links() == 6, "the other one's labels")
        service.systemctl("start", check=False)
        wait_until(lambda: service.show("ActiveState") == "failed", "the failure")
        assert service.show("ExecMainStatus") == "4"
    finally:
        service.machine.run("systemctl", "stop", "other")
    saw("start beside another xelinkd", "failed with status 4, not repeated")


def test_stop_keeps_labels(service: Service, saw: Saw) -> None:
    """A stop is quick, and labels stay (feature_file.on_exit)."""
    service.start()
    processes = service.processes()
    seconds = service.systemctl("stop")
    assert seconds < 5
    assert service.links() == 6
    assert service.show("Result") == "success"
    assert not [pid for pid in processes if service.machine.read(f"/proc/{pid}/comm")]
    saw("stop, labels kept", seconds)


def test_stop_removes_labels_if_told(service: Service, saw: Saw) -> None:
    """With on_exit = "remove" a stop takes the labels away."""
    service.configure(feature_file={"on_exit": "remove"})
    service.start()
    seconds = service.systemctl("stop")
    assert seconds < 5
    assert service.machine.run("test", "-e", FILE, check=False).returncode == 1
    saw("stop, labels removed", seconds)


def test_restart_does_not_blink(service: Service, saw: Saw) -> None:
    """Through a restart the labels are there at each moment."""
    service.start()
    stat = ("stat", "--format=%i", FILE)
    before = service.machine.run(*stat).stdout
    seconds = service.systemctl("restart")
    assert service.machine.run(*stat).stdout == before
    saw("restart, the feature file untouched", seconds)
