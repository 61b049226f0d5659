"""The whole tree of processes: what happens to it, and what becomes of the labels."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.daemon import PATIENCE, Daemon, is_alive, wait_until, xelinkd

from xelinkd.config.schema import DEFAULT_PATH

if TYPE_CHECKING:
    from xelinkd.simulator.server import Simulator


def unknown_reasons(daemon: Daemon) -> list[str]:
    """Give the reasons that were told for an unknown topology, in their order."""
    return [event["reason"] for event in daemon.events("topology_unknown")]


def test_labels_follow_the_links(daemon: Daemon, xpum: Simulator) -> None:
    """A link that fails leaves the labels, and is back in them when it is back."""
    daemon.start()
    all_links = daemon.wait_for_links(lambda links: len(links) == 6)
    xpum.set_link("0.0-2.0", up=False)
    assert daemon.wait_for_links(lambda links: len(links) == 5) == all_links - {"0.0-2.0"}
    xpum.set_link("0.0-2.0", up=True)
    assert daemon.wait_for_links(lambda links: len(links) == 6) == all_links


def test_labels_stay_while_xpu_manager_is_dead(daemon: Daemon, xpum: Simulator) -> None:
    """A source that dies costs no label, is told once, and is told again when it is back."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    before = daemon.file.stat()
    xpum.stop()
    wait_until(lambda: unknown_reasons(daemon)[-1:] == ["refused"], "refused connections to be told")
    xpum.start()
    daemon.wait_for("topology_known_again")
    after = daemon.file.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert unknown_reasons(daemon) in (
        ["refused"],
        ["closed", "refused"],
    )  # it died between two fetches, or in one


@pytest.mark.parametrize("victim", ["fetcher", "writer", "watcher"])
def test_killed_worker_is_replaced(daemon: Daemon, xpum: Simulator, victim: str) -> None:
    """A worker that is killed is told with its cause and replaced, and labels go on being true."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    before = daemon.wait_for_workers()
    os.kill(before[victim], signal.SIGKILL)
    told = wait_until(
        lambda: [e for e in daemon.events("worker_ended") if e["level"] == "error"], "the end of the worker"
    )
    assert (told[0]["worker"], told[0]["cause"]) == (victim, "SIGKILL")
    xpum.set_link("0.0-1.0", up=False)
    daemon.wait_for_links(lambda links: len(links) == 5)
    after = daemon.wait_for_workers()
    replaced = {name for name in before if before[name] != after[name]}
    assert replaced == ({"watcher"} if victim == "watcher" else {"fetcher", "writer"})
    assert daemon.wait_for("unit_works_again")["failures"] == 1


def test_watcher_that_is_killed_again_and_again_is_back_within_a_second(daemon: Daemon) -> None:
    """A watcher that does its work between its ends is never missing for long."""
    daemon.start()
    for times in range(1, 8):
        daemon.wait_for("config_unchanged", times)  # it has done its work: it told of what may have changed
        os.kill(daemon.wait_for_workers()["watcher"], signal.SIGKILL)
        daemon.wait_for("unit_restarting", times)
    assert max(event["delay_seconds"] for event in daemon.events("unit_restarting")) == 1.0


@pytest.mark.parametrize("victim", ["fetcher", "writer"])
def test_stopped_worker_is_replaced(daemon: Daemon, xpum: Simulator, victim: str) -> None:
    """A worker that hangs is killed after the heartbeat deadline and replaced."""
    daemon.configure(source={"deadline": "100ms"}, supervision={"heartbeat_deadline": "5100ms"})
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    os.kill(daemon.wait_for_workers()[victim], signal.SIGSTOP)
    assert victim in daemon.wait_for("worker_hung")["workers"]
    xpum.set_link("0.0-1.0", up=False)
    daemon.wait_for_links(lambda links: len(links) == 5)


def test_no_worker_outlives_its_supervisor(daemon: Daemon, xpum: Simulator) -> None:
    """After kill -9 of the supervisor nothing of it is left, not even a stopped worker, and labels stay."""
    daemon.start()
    links = daemon.wait_for_links(lambda links: len(links) == 6)
    workers = daemon.wait_for_workers()
    os.kill(workers["writer"], signal.SIGSTOP)
    assert daemon.stop(signal.SIGKILL) == -signal.SIGKILL
    wait_until(lambda: not any(map(is_alive, workers.values())), "the end of all workers")
    assert daemon.links() == links
    xpum.stop()
    daemon.start()
    assert daemon.wait_for("labels_adopted")["links"] == 6
    assert daemon.links() == links


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_ends(daemon: Daemon, number: signal.Signals) -> None:
    """SIGTERM and SIGINT end everything with status 0, and the labels stay."""
    daemon.start()
    links = daemon.wait_for_links(lambda links: len(links) == 6)
    workers = daemon.wait_for_workers()
    assert daemon.stop(number) == 0
    assert not any(map(is_alive, workers.values()))
    assert daemon.links() == links
    assert daemon.events()[-1]["event"] == "stopped"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_that_never_stop(daemon: Daemon, number: signal.Signals) -> None:
    """Who asks again and again, until the process is gone, still learns that it ended as it should."""
    daemon.start()
    daemon.wait_for_workers()
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while daemon.process.poll() is None and time.monotonic() < deadline:
        daemon.process.send_signal(number)
    assert daemon.process.returncode == 0


def test_signal_to_the_whole_group_ends_it_in_order(daemon: Daemon) -> None:
    """An init system that signals every process still gets a regular end and the exit policy."""
    daemon.configure(feature_file={"on_exit": "remove"})
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    workers = daemon.wait_for_workers()
    for pid in workers.values():
        os.kill(pid, signal.SIGTERM)
    assert daemon.stop() == 0
    assert not daemon.file.exists()


def test_ends_while_a_fetch_hangs(tmp_path: Path) -> None:
    """A source that accepts and says nothing does not keep xelinkd from ending."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        daemon = Daemon(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}/metrics")
        daemon.configure(source={"deadline": "20s"})
        daemon.start()
        try:
            connection, _ = silent.accept()
            with connection:
                assert daemon.stop() == 0
        finally:
            daemon.close()


def test_without_proc(daemon: Daemon) -> None:
    """Where there is no /proc, workers are forked all the same, and have no descriptor of others."""
    no_proc = 'mount -t tmpfs none /proc && exec "$@" 9</dev/zero'
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", no_proc, "sh"]
    if subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let us make user namespaces")
    daemon.start(prefix=namespace)
    daemon.wait_for_links(lambda links: len(links) == 6)
    assert Path(f"/proc/{daemon.pid}/fd/9").readlink() == Path("/dev/zero")
    for worker in daemon.wait_for_workers().values():
        with suppress(FileNotFoundError):  # or it is one of the worker's own
            assert Path(f"/proc/{worker}/fd/9").readlink() != Path("/dev/zero")


def test_exit_policy_holds_with_a_dead_writer(daemon: Daemon) -> None:
    """With `on_exit = "remove"` the labels are removed even if the writer is not there to do it."""
    daemon.configure(feature_file={"on_exit": "remove"})
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    os.kill(daemon.wait_for_workers()["writer"], signal.SIGKILL)
    assert daemon.stop() == 0
    assert daemon.labels() == []


def test_steady_node_writes_and_says_nothing(daemon: Daemon, xpum: Simulator) -> None:
    """While nothing changes, the feature file is left alone and nothing is logged at info."""
    daemon.configure(log={"level": "info"})
    daemon.start()
    daemon.wait_for("labels_changed")
    before, told, scrapes = daemon.file.stat(), len(daemon.events()), xpum.scrapes
    wait_until(lambda: xpum.scrapes >= scrapes + 10, "ten cycles")
    assert daemon.file.stat().st_mtime_ns == before.st_mtime_ns
    assert len(daemon.events()) == told


def test_steady_node_lets_the_supervisor_sleep(daemon: Daemon, xpum: Simulator) -> None:
    """While nothing changes, fetches wake the supervisor no more often than heartbeats must."""
    daemon.configure(supervision={"heartbeat_deadline": "1h"})
    daemon.start()
    daemon.wait_for("labels_changed")
    scrapes = xpum.scrapes
    wait_until(lambda: xpum.scrapes >= scrapes + 2, "the last of the news to be told")
    before, scrapes = wake_ups(daemon.pid), xpum.scrapes
    wait_until(lambda: xpum.scrapes >= scrapes + 10, "ten cycles")
    assert wake_ups(daemon.pid) == before


def wake_ups(pid: int) -> int:
    """Count how often a process has gone to sleep of its own will."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))


def test_supervisor_that_was_stopped_does_not_blame_its_workers(daemon: Daemon) -> None:
    """A tree that was frozen as a whole goes on where it was, with the same workers."""
    # Between two fetches, or what the supervisor has just heard may be news to it after the freeze.
    daemon.configure(
        source={"deadline": "100ms", "interval": "1h"}, supervision={"heartbeat_deadline": "5100ms"}
    )
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    workers = daemon.wait_for_workers()
    for pid in (daemon.pid, *workers.values()):
        os.kill(pid, signal.SIGSTOP)
    hung_long_enough = 8.0
    with pytest.raises(AssertionError, match="in vain"):
        wait_until(lambda: False, "a freeze longer than the heartbeat deadline", hung_long_enough)
    for pid in (*workers.values(), daemon.pid):
        os.kill(pid, signal.SIGCONT)
    daemon.wait_for("supervisor_was_stopped")
    assert daemon.wait_for_workers() == workers


def has_links(daemon: Daemon, count: int) -> bool:
    """Tell whether the feature file has so many links."""
    return len(daemon.links()) == count


def test_log_that_nobody_empties_stops_nothing(daemon: Daemon, xpum: Simulator) -> None:
    """A log collector that hangs costs log lines, but no label, and not the end of the program."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    command = [sys.executable, "-m", "xelinkd", "run", "--config", str(daemon.config)]
    with subprocess.Popen(command, stderr=writing) as process:
        try:
            for turn in range(12):
                up = bool(turn % 2)
                xpum.set_link("0.0-1.0", up=up)
                wait_until(partial(has_links, daemon, 5 + up), "the labels")
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            process.kill()
            os.close(reading)
            os.close(writing)


def test_signal_during_the_start_is_not_lost(daemon: Daemon) -> None:
    """A daemon that is told to end while it still loads ends in order."""
    daemon.start()
    wait_until(lambda: "SigBlk:\t0000000000004003" in status(daemon.pid), "signals to be held")
    assert daemon.stop() == 0


def status(pid: int) -> str:
    """Give what the kernel tells of a process."""
    return Path(f"/proc/{pid}/status").read_text()


def test_without_a_configuration_file_nothing_is_wrong(daemon: Daemon) -> None:
    """A daemon that runs by flags and defaults alone does not complain of a file that need not be there."""
    if DEFAULT_PATH.exists():
        pytest.skip(f"this machine has {DEFAULT_PATH}")
    port = daemon.url.rpartition(":")[2].partition("/")[0]
    daemon.start(f"-xpum-port={port}", "-startup-delay=0", f"-dst-file-path={daemon.file}", "-v=4")
    daemon.wait_for_links(lambda links: len(links) == 6)
    daemon.wait_for_workers()
    os.kill(daemon.pid, signal.SIGHUP)
    wait_until(lambda: '"config_unchanged"' in daemon.log.read_text(), "the file to be looked for")
    assert daemon.events("config_refused") == []


def test_stop_that_comes_with_a_word(daemon: Daemon) -> None:
    """A daemon that is told to end while its workers talk lets them end in order."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    os.kill(daemon.pid, signal.SIGSTOP)
    said = Path(f"/proc/{daemon.wait_for_workers()['fetcher']}/stat").read_text().split()[13:15]
    wait_until(
        lambda: Path(f"/proc/{daemon.workers()['fetcher']}/stat").read_text().split()[13:15] != said,
        "a fetch meanwhile",
    )
    os.kill(daemon.pid, signal.SIGTERM)
    os.kill(daemon.pid, signal.SIGCONT)
    assert daemon.process is not None
    assert daemon.process.wait(20) == 0
    assert daemon.events("worker_out_of_turn") == []
    causes = {event["worker"]: event["cause"] for event in daemon.events("worker_ended")}
    assert causes["writer"] == "exit status 0"


def test_labels_that_are_cleared_while_no_writer_lives_stay_away(daemon: Daemon, xpum: Simulator) -> None:
    """What `xelinkd clear` removes between two writers is not written again while the source is down."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    xpum.stop()
    daemon.wait_for("topology_unknown")
    writer = daemon.wait_for_workers()["writer"]
    os.kill(daemon.pid, signal.SIGSTOP)  # no other writer for a while
    os.kill(writer, signal.SIGKILL)
    wait_until(lambda: not is_alive(writer), "the writer's end")
    assert xelinkd("clear", "--config", str(daemon.config)).returncode == 0
    os.kill(daemon.pid, signal.SIGCONT)
    daemon.wait_for("unit_works_again")
    assert not daemon.file.exists()


def test_exit_policy_removes_labels_from_former_places(daemon: Daemon) -> None:
    """Labels that could not move yet are removed from where they are, if they shall not outlast xelinkd."""
    daemon.configure(feature_file={"on_exit": "remove"})
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    daemon.configure(feature_file={"path": str(daemon.folder / "missing/labels.txt")})
    daemon.wait_for("feature_file_failing")
    assert daemon.file.exists()
    daemon.stop()
    assert not daemon.file.exists()


def test_exit_policy_that_cannot_be_followed_is_told(daemon: Daemon) -> None:
    """Labels that could not be removed at the end are named, with the reason."""
    daemon.configure(feature_file={"on_exit": "remove"})
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    daemon.features.rename(daemon.folder / "away")
    daemon.features.symlink_to(daemon.features)  # a name that leads nowhere, for root too
    assert daemon.stop() == 0
    told = [event for event in daemon.events("feature_file_failing") if event["process"] == "remover"]
    assert [event["file"] for event in told] == [str(daemon.file)]
