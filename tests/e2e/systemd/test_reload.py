"""`systemctl reload`, with configurations that are good and bad."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from support.daemon import wait_until
from support.service import CONFIG

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.service import Service

    Saw = Callable[[str, object], None]


def test_good_configuration_is_applied(service: Service, saw: Saw) -> None:
    """A reload leads to labels by the new configuration, without a restart."""
    service.start()
    before = service.main
    service.configure(labels={"namespace": "example.com"})
    began = time.monotonic()
    service.systemctl("reload")
    wait_until(lambda: service.labels().startswith("example.com/xe-links="), "the new labels")
    saw("reload to labels by the new configuration", time.monotonic() - began)
    assert service.main == before
    wait_until(lambda: service.show("SubState") == "running", "the end of the reload")


def test_bad_configuration_fails_the_reload(service: Service, saw: Saw) -> None:
    """A configuration that is refused fails the reload, the journal says why, and the former one goes on."""
    service.start()
    before = service.main
    service.machine.write(CONFIG, "[labels]\nmin_lanes = -1\n")
    assert service.machine.run("systemctl", "reload", "xelinkd", check=False).returncode != 0
    assert service.show("SubState") == "running"
    assert service.main == before
    assert any("labels.min_lanes" in str(entry["MESSAGE"]) for entry in service.journal("--unit=xelinkd"))
    service.order("/links/0.0-1.0", "down")
    wait_until(lambda: service.links() == 5, "labels by the former configuration")
    assert "the configuration file is refused" in service.show("StatusText")
    saw("reload of a configuration that is refused", "fails; the former one goes on")


def test_notify_reload_returns_when_it_is_in_force(service: Service, version: int, saw: Saw) -> None:
    """With the drop-in for 253 and later, `systemctl reload` returns when the new labels are written."""
    if version < 253:
        pytest.skip("systemd 253 and later")
    service.use_example("notify-reload.conf")
    service.start()
    for namespace in ("one.example", "two.example", "three.example"):
        service.configure(labels={"namespace": namespace})
        seconds = service.systemctl("reload")
        assert service.labels().startswith(f"{namespace}/xe-links=")
    saw("reload with notify-reload.conf, until it is in force", seconds)


def test_notify_reload_fails_for_a_bad_configuration(service: Service, version: int, saw: Saw) -> None:
    """With the drop-in, too, a configuration that is refused fails the reload."""
    if version < 253:
        pytest.skip("systemd 253 and later")
    service.use_example("notify-reload.conf")
    service.start()
    service.machine.write(CONFIG, "nonsense")
    assert service.machine.run("systemctl", "reload", "xelinkd", check=False).returncode != 0
    assert service.show("SubState") == "running"
    service.configure()
    service.systemctl("reload")
    saw("notify-reload.conf, a configuration that is refused", "fails; the former one goes on")
