"""The status of a real daemon, asked over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from support.daemon import wait_until
from support.ports import free_port

if TYPE_CHECKING:
    from support.daemon import Daemon

    from xelinkd.simulator.server import Simulator


@pytest.fixture
def served(daemon: Daemon) -> Daemon:
    """Give a daemon that serves its status, and has written its first labels."""
    daemon.serve_status().start()
    daemon.wait_for("labels_changed")
    daemon.wait_for("status_listening")
    return daemon


def status(daemon: Daemon) -> dict[str, Any]:
    """Give the status document."""
    document: dict[str, Any] = json.loads(daemon.ask("/status.json")[1])
    return document


def events(daemon: Daemon) -> list[tuple[str, str]]:
    """Give what happened to what, the oldest first."""
    told = json.loads(daemon.ask("/topology.json")[1])["events"]
    return [(event["event"], event["subject"]) for event in told]


def replace_by_killing(daemon: Daemon, name: str) -> None:
    """Kill a worker, and wait for the one that takes its place."""
    before = daemon.wait_for_workers()[name]
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: daemon.wait_for_workers()[name] != before, f"another {name}")


def counts(times: str, _code: int, metrics: str) -> bool:
    """Tell whether the fetcher was killed so many times."""
    (line,) = [line for line in metrics.splitlines() if 'SIGKILL"' in line] or [""]
    return 'worker="fetcher"' in line and line.endswith(f" {times}")


def test_good_day(served: Daemon) -> None:
    """A daemon that works tells so to probes, to Prometheus and to people."""
    assert served.ask("/livez") == (200, "ok")
    served.wait_for_answer("/readyz", lambda code, body: (code, body) == (200, "ok"))
    served.wait_for_answer("/metrics", lambda _, body: "\nxelinkd_links 6.0\n" in body)
    assert "6 links" in served.ask("/")[1]
    assert "<svg" in served.ask("/topology.svg")[1]
    assert len(json.loads(served.ask("/topology.json")[1])["links"]) == 6


def test_before_the_first_observation(daemon: Daemon) -> None:
    """Before XPU Manager was asked, a daemon is live, not ready, and never says that there are no links."""
    daemon.configure(source={"startup_delay": "1h"})
    daemon.serve_status().start()
    assert daemon.ask("/livez") == (200, "ok")
    code, body = daemon.ask("/readyz")
    assert (code, "[-]labels failed: none are held: no observation yet" in body) == (503, True)
    assert "\nxelinkd_links " not in daemon.ask("/metrics")[1]


def test_source_that_fails(served: Daemon, xpum: Simulator) -> None:
    """While XPU Manager fails, the daemon is live and ready, and tells why the topology is not known."""
    xpum.set_mode("error-500")
    served.wait_for_answer("/metrics", lambda _, body: 'fetches_total{outcome="http_status"}' in body)
    served.wait_for_answer("/topology.json", lambda _, body: json.loads(body)["reason"] == "http_status")
    assert served.ask("/livez")[0] == 200
    assert served.ask("/readyz")[0] == 200


def test_folder_that_is_gone(served: Daemon) -> None:
    """Without its folder the daemon is live, not ready, and says what to do."""
    served.features.rename(served.folder / "away")
    body = served.wait_for_answer("/readyz", lambda code, text: code == 503 and "[-]feature-file" in text)
    assert f"there is no folder {served.features}" in body
    assert served.ask("/livez")[0] == 200


def test_refused_configuration(served: Daemon) -> None:
    """A configuration that cannot be used makes the daemon not ready until it is right again."""
    good = served.config.read_text()
    served.config.write_text("[labels]\nmin_lanes = true\n")
    body = served.wait_for_answer("/readyz", lambda code, _: code == 503)
    assert "[-]config failed: refused, the former one is in force: 1 problem" in body
    # It may have been seen while it was written, empty.
    wait_until(lambda: "labels.min_lanes" in str(status(served)["configuration"]["problems"]), "the problem")
    served.config.write_text(good)
    served.wait_for_answer("/readyz", lambda code, _: code == 200)


def test_links_that_come_and_go(served: Daemon, xpum: Simulator) -> None:
    """A link that was lost and came back is remembered, even when both workers were killed in between."""
    xpum.set_link("0.0-1.0", up=False)
    served.wait_for("link_lost")
    for name in ("fetcher", "writer"):
        replace_by_killing(served, name)
    xpum.set_link("0.0-1.0", up=True)
    served.wait_for("link_back")
    served.wait_for_answer("/topology.json", lambda _, body: not json.loads(body)["missing"])
    assert ("link_lost", "0.0-1.0") in events(served)
    assert ("link_back", "0.0-1.0") in events(served)


def test_workers_that_end(served: Daemon) -> None:
    """What ended a worker, and how often, is counted over all of its successors."""
    for times in ("1.0", "2.0"):
        os.kill(served.wait_for_workers()["fetcher"], signal.SIGKILL)
        served.wait_for_answer("/metrics", partial(counts, times))


def test_token_file_that_goes_and_comes(daemon: Daemon) -> None:
    """While its token file is away the daemon is live, and nobody sees more; its return is noticed."""
    token = daemon.folder / "token"
    token.write_text("sesame")
    daemon.serve_status().configure(status={"token_file": str(token)})
    daemon.start()
    assert daemon.ask("/")[0] == 401
    token.unlink()
    daemon.wait_for_answer("/", lambda code, _: code == 403)
    assert daemon.ask("/livez")[0] == 200
    token.write_text("sesame")
    daemon.wait_for_answer("/", lambda code, _: code == 401)


def test_status_process_that_is_killed(served: Daemon) -> None:
    """The status comes back when its process is killed, and the labels' workers never notice."""
    before = served.wait_for_workers()
    os.kill(before["status"], signal.SIGKILL)
    served.wait_for("status_listening", times=2)
    assert served.ask("/livez")[0] == 200
    after = served.wait_for_workers()
    assert {name: pid for name, pid in after.items() if name != "status"} == {
        name: pid for name, pid in before.items() if name != "status"
    }


def test_port_that_is_taken(daemon: Daemon) -> None:
    """A port that another program has is told and tried again; the labels are written all the while."""
    daemon.serve_status()
    host, port = daemon.listen.split(":")
    with socket.create_server((host, int(port))):
        daemon.start()
        assert "Address already in use" in daemon.wait_for("status_not_listening")["error"]
        daemon.wait_for("labels_changed")
    daemon.wait_for("status_listening")
    assert daemon.ask("/livez")[0] == 200


def test_status_comes_and_goes_with_the_configuration(daemon: Daemon) -> None:
    """Where the status is served is changed while the daemon runs, without a new pipeline."""
    daemon.start()
    daemon.wait_for("labels_changed")
    before = daemon.wait_for_workers()
    assert "status" not in before
    daemon.serve_status()
    assert daemon.ask("/livez")[0] == 200
    daemon.configure(status={"listen": f"127.0.0.1:{free_port()}"})
    daemon.wait_for("status_listening", times=2)
    assert daemon.ask("/livez")[0] == 200
    daemon.configure(status={"listen": ""})
    wait_until(lambda: "status" not in daemon.workers(), "the end of the status process")
    assert daemon.workers() == before


def test_configuration_in_force(served: Daemon) -> None:
    """What is configured, and where it came from, can be seen, and what changed it, too."""
    first = status(served)["configuration"]
    served.configure(labels={"min_lanes": 2})
    served.wait_for("config_applied")
    served.wait_for_answer(
        "/status.json", lambda _, body: json.loads(body)["configuration"]["digest"] != first["digest"]
    )


def test_end(served: Daemon) -> None:
    """The status process ends with the daemon."""
    assert served.stop() == 0
