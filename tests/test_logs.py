"""Logs, as a node's log collector and a person at a terminal see them."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from support.daemon import PATIENCE, Daemon, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from xelinkd.simulator.server import Simulator

LOG_MANY = """
import sys
from xelinkd import logs
from xelinkd.config.schema import Log
logs.configure(Log(), sys.argv[1])
for number in range(int(sys.argv[2])):
    logs.logger().info("counted", number=number, filler="x" * int(sys.argv[3]))
"""

LOG_CUT = """
import os, pathlib, sys
from xelinkd import logs
from xelinkd.config.schema import Log
logs.keep_nobody_waiting()
logs.configure(Log(), "test")
logs.logger().info("cut", filler="x" * 20000)
pathlib.Path(sys.argv[1]).touch()
sys.stdin.read()
if os.fork() == 0:
    logs.logger().info("of_a_child")
    os._exit(0)
os.wait()
logs.logger().info("of_its_parent")
"""


def run(*arguments: str | Path, stderr: int, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start the program with its logs going to a descriptor."""
    command = [sys.executable, "-m", "xelinkd", *map(str, arguments)]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=stderr, env={**os.environ, **(env or {})}
    )


def test_one_line_is_one_write(daemon: Daemon) -> None:
    """Every line of every process goes out whole, so that lines of several processes never mix."""
    # Each write to a datagram socket arrives as one message.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        ours.settimeout(PATIENCE)
        daemon.process = run("--config", daemon.config, stderr=theirs.fileno())
        events = [receive(ours)]
        while events[-1]["event"] != "labels_changed":
            events.append(receive(ours))
        daemon.process.send_signal(signal.SIGTERM)
        while events[-1]["event"] != "stopped":
            events.append(receive(ours))
        assert daemon.process.wait(PATIENCE) == 0
    assert {event["process"] for event in events} >= {"supervisor", "writer"}


def receive(stderr: socket.socket) -> dict[str, Any]:
    """Receive what was written at once, which must be one line of JSON."""
    message = stderr.recv(1 << 20)
    assert message.endswith(b"\n")
    assert message.count(b"\n") == 1
    event: dict[str, Any] = json.loads(message)
    return event


def test_long_lines_of_many_processes_do_not_mix(tmp_path: Path) -> None:
    """Several processes that log long lines into one file at the same time leave every line readable."""
    file = tmp_path / "log"
    with file.open("ab") as log:
        processes = [
            subprocess.Popen([sys.executable, "-c", LOG_MANY, f"p{n}", "100", "20000"], stderr=log)
            for n in range(4)
        ]
        assert [process.wait(60) for process in processes] == [0] * 4
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert sorted((event["process"], event["number"]) for event in events) == [
        (f"p{n}", number) for n in range(4) for number in range(100)
    ]


def test_fields_that_every_line_begins_with(daemon: Daemon) -> None:
    """Each line says first when (in UTC, whatever the time zone), how grave, which process and what."""
    daemon.start(env={"TZ": "Asia/Kathmandu"})
    daemon.wait_for("labels_changed")
    assert daemon.stop() == 0
    for line in daemon.log.read_text().splitlines():
        event = json.loads(line)
        assert list(event)[:4] == ["time", "level", "process", "event"]
        assert event["time"].endswith("Z")
        assert abs(datetime.fromisoformat(event["time"]) - datetime.now(UTC)) < timedelta(minutes=30)
        assert event["level"] in {"debug", "info", "warning", "error"}
        assert event["process"] in {"supervisor", "fetcher", "writer", "watcher", "status"}


def on_terminal(*arguments: str | Path, env: Mapping[str, str]) -> str:
    """Give what the program shows on a terminal."""
    ours, theirs = pty.openpty()
    process = run(*arguments, stderr=theirs, env=env)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # EIO: the program has ended
        pass
    finally:
        os.close(ours)
    process.wait(PATIENCE)
    return shown.decode()


@pytest.mark.parametrize("no_color", ["", "1"])
def test_text_on_a_terminal(daemon: Daemon, no_color: str) -> None:
    """People at a terminal read text, in colours unless NO_COLOR is set."""
    daemon.configure(log={"format": "auto"})
    env = {"NO_COLOR": no_color, "TERM": "xterm"}
    shown = on_terminal("once", "--config", daemon.config, env=env)
    assert "labels_changed" in shown
    assert not shown.startswith("{")
    assert ("\x1b[" in shown) == (no_color == "")
    fields = re.findall(r"(\w+)=", re.sub(r"\x1b\[\d+m", "", shown))
    assert fields[:2] == ["process", "file"]  # as in JSON


def test_json_on_a_terminal_if_asked_for(daemon: Daemon) -> None:
    """A format that is configured holds wherever the logs go."""
    shown = on_terminal("once", "--config", daemon.config, env={})
    assert [json.loads(line)["event"] for line in shown.splitlines()] == ["labels_changed"]


def test_level_changes_while_it_runs(daemon: Daemon, xpum: Simulator) -> None:
    """A level that is configured anew counts at once, in every process."""
    daemon.configure(log={"level": "error"})
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    assert daemon.events() == []
    daemon.configure(log={"level": "debug"})
    daemon.wait_for("config_applied")
    xpum.set_link("0.0-1.0", up=False)
    assert daemon.wait_for("labels_changed")["process"] == "writer"
    assert daemon.wait_for("worker_started")["process"] == "supervisor"


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_path_that_is_not_utf_8(tmp_path: Path, daemon: Daemon, log_format: str) -> None:
    """A file name of any bytes can be logged, and no line is lost or broken for it."""
    daemon.configure(log={"format": log_format})
    odd = tmp_path / os.fsdecode(b"odd\xff.toml")
    daemon.config.rename(odd)
    daemon.start("--config", str(odd))
    daemon.wait_for_links(lambda links: len(links) == 6)
    os.kill(daemon.pid, signal.SIGHUP)
    wait_until(lambda: "config_unchanged" in daemon.log.read_text(), "the reload")
    odd.write_text("[nonsense]\n")
    wait_until(lambda: "config_refused" in daemon.log.read_text(), "the refusal")
    assert daemon.stop() == 0
    assert "started" in daemon.log.read_text()
    assert "stopped" in daemon.log.read_text()
    assert "Traceback" not in daemon.log.read_text()


def test_log_that_nobody_reads(daemon: Daemon, xpum: Simulator) -> None:
    """A log collector that dies costs lines, but no labels."""
    daemon.log.touch()
    reading, writing = os.pipe()
    daemon.process = run("--config", daemon.config, stderr=writing)
    os.close(writing)
    daemon.wait_for_links(lambda links: len(links) == 6)
    os.close(reading)
    workers = daemon.wait_for_workers()
    xpum.set_link("0.0-1.0", up=False)
    daemon.wait_for_links(lambda links: len(links) == 5)
    xpum.set_link("0.0-2.0", up=False)
    daemon.wait_for_links(lambda links: len(links) == 4)
    assert daemon.wait_for_workers() == workers
    assert daemon.stop() == 0


def a_pipe() -> tuple[int, int]:
    """Give both ends of a pipe with room for one page."""
    ours, theirs = os.pipe()
    fill(theirs)
    os.read(ours, 4096)
    return ours, theirs


def a_terminal() -> tuple[int, int]:
    """Give both ends of a terminal with room for some short lines."""
    ours, theirs = pty.openpty()
    fill(theirs)
    os.read(ours, 1024)
    return ours, theirs


def a_socket() -> tuple[int, int]:
    """Give both ends of a stream with room for some short lines."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1024)
    return ours.detach(), theirs.detach()


def fill(stream: int) -> None:
    """Write as much as it takes."""
    os.set_blocking(stream, False)
    with suppress(BlockingIOError):
        while True:
            os.write(stream, b"." * 1024)
    os.set_blocking(stream, True)


@pytest.mark.parametrize("made", [a_pipe, a_terminal, a_socket])
def test_log_that_is_full(daemon: Daemon, made: Callable[[], tuple[int, int]]) -> None:
    """A reader who is there and reads nothing holds up nothing, however long a line is."""
    daemon.log.touch()
    daemon.configure(log={"level": "error"})
    daemon.serve_status()
    right = daemon.config.read_text()
    ours, theirs = made()
    try:
        daemon.process = run("--config", daemon.config, stderr=theirs)
        daemon.wait_for_links(lambda links: len(links) == 6)
        daemon.config.write_text("".join(f"[nonsense{number}]\n" for number in range(500)))
        daemon.wait_for_answer("/metrics", lambda _status, text: 'reloads_total{outcome="refused"} 1' in text)
        daemon.config.write_text(right.replace("[log]", "[labels]\nmin_lanes = 99\n[log]"))
        daemon.wait_for_links(lambda links: not links)
        assert daemon.stop() == 0
        assert os.get_blocking(theirs)  # whoever else has it writes as before
    finally:
        daemon.close()
        os.close(ours)
        os.close(theirs)


def test_line_that_was_cut(tmp_path: Path) -> None:
    """After a line for which there was not room enough, the next one begins on a line of its own."""
    ours, theirs = a_pipe()
    told = tmp_path / "told"
    command = [sys.executable, "-c", LOG_CUT, str(told)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=theirs) as process:
        assert process.stdin is not None
        os.close(theirs)
        wait_until(told.exists, "a long line")
        os.set_blocking(ours, False)
        with suppress(BlockingIOError):
            while os.read(ours, 1 << 20).startswith(b"."):
                pass
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
    os.set_blocking(ours, True)
    with os.fdopen(ours, "rb") as rest:
        lines = rest.read().splitlines()
    assert lines[0] == b""
    assert [json.loads(line)["event"] for line in lines[1:]] == ["of_a_child", "of_its_parent"]


def test_full_disk(daemon: Daemon) -> None:
    """A log that cannot be written keeps no label from being written."""
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        assert run("once", "--config", daemon.config, stderr=full).wait(PATIENCE) == 0
    finally:
        os.close(full)
    assert len(daemon.links()) == 6
