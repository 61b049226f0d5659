"""The command line as a whole: verbs, mistakes, pipes, interrupts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from support.daemon import PATIENCE, Daemon, is_asleep, wait_until, xelinkd

from xelinkd import __version__
from xelinkd.cli.go_flags import NAMES
from xelinkd.cli.main import VERBS
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.page import render

CONFIGURED = sorted(VERBS.keys() - {"simulate", "version"})


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_each_verb(verb: str) -> None:
    """Every verb explains itself, on lines that fit a terminal of ordinary width."""
    done = xelinkd(verb, "-h")
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: xelinkd" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 112


@pytest.mark.parametrize("verb", CONFIGURED)
def test_help_mentions_every_flag_of_the_go_sidecar(verb: str) -> None:
    """Whoever comes from the Go sidecar finds each of its flags in the help of each verb that takes them."""
    words = xelinkd(verb, "-h").stdout.split()
    assert {f"-{name}" for name in NAMES} <= set(words)


def test_help_without_a_verb_lists_the_verbs() -> None:
    """Plain `xelinkd -h` shows what else there is."""
    done = xelinkd("-h")
    assert done.returncode == 0
    assert all(f"  {verb} " in done.stdout and text in done.stdout for verb, text in VERBS.items())


def test_unknown_verb() -> None:
    """A mistyped verb is named, with the one that was probably meant."""
    done = xelinkd("chek")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "xelinkd: unknown verb 'chek'; did you mean 'check'? (`xelinkd -h` explains)\n"


def test_verb_like_no_other() -> None:
    """A word that is near no verb gets the list of verbs."""
    done = xelinkd("help")
    assert done.returncode == 2
    assert "run, once, show, status, watch, doctor, trust, check, clear, simulate, version" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "named", "meant"),
    [
        (["--confg", "f"], "--confg", "--config"),
        (["check", "-config", "f"], "-config", "--config"),
        (["-intervall=5"], "-intervall=5", "-interval"),
        (["once", "-lanecount", "4"], "-lanecount", "-lane-count"),
        (["show", "--fromat", "json"], "--fromat", "--format"),
        (["simulate", "--prot", "0"], "--prot", "--port"),
    ],
)
def test_unknown_flag(arguments: list[str], named: str, meant: str) -> None:
    """A mistyped flag is named, with the one that was probably meant, ours or the Go sidecar's."""
    done = xelinkd(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"unknown argument '{named}'; did you mean '{meant}'?" in done.stderr


def test_argument_too_many() -> None:
    """A word that no verb asked for is an error, not something to pass over."""
    done = xelinkd("check", "extra")
    assert done.returncode == 2
    assert "unknown argument 'extra'\n" in done.stderr


@pytest.mark.parametrize("arguments", [["-v", "4", "check"], ["--config", "f", "check"]])
def test_verb_behind_flags(arguments: list[str]) -> None:
    """Whoever names the verb last is told where it goes."""
    done = xelinkd(*arguments)
    assert done.returncode == 2
    assert "unknown argument 'check'; a verb comes first: `xelinkd check ...`\n" in done.stderr


@pytest.mark.parametrize("arguments", [["version"], ["--version"]])
def test_version(arguments: list[str]) -> None:
    """The version is printed with what a report of a fault needs."""
    done = xelinkd(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"xelinkd {__version__} (Python 3.")
    assert "urllib3 " in done.stdout


@pytest.mark.parametrize("arguments", [["check"], ["show", "--format=json", "-"], ["show", "-"], ["version"]])
def test_output_that_cannot_be_written(arguments: list[str]) -> None:
    """On a full disk the exit status is not that of success, nor one that means something else."""
    command = [sys.executable, "-m", "xelinkd", *arguments]
    page = render(parse_machine("3x2"))
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command, input=page, stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE, check=False
        )
    assert (done.returncode, done.stderr) == (3, b"xelinkd: standard output: No space left on device\n")


@pytest.mark.parametrize("arguments", [["-h"], ["check", "-interval=20"], ["version"]])
def test_reader_that_has_seen_enough(arguments: list[str]) -> None:
    """With `| head` or a pager that was left, xelinkd ends without a word."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [sys.executable, "-m", "xelinkd", *arguments]
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_interrupt() -> None:
    """After ^C in the middle of a fetch, the shell gets the usual status and no traceback."""
    # A test run in the background has SIGINT ignored, and its children inherit that.
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from xelinkd.cli import main; sys.exit(main())"
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/metrics"
        command = [sys.executable, "-c", program, "show", url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            connection, _ = silent.accept()
            with connection:
                connection.recv(1)  # it has begun to ask
                wait_until(partial(is_asleep, process.pid), "it to wait for the answer")
                process.send_signal(signal.SIGINT)
                assert process.communicate(timeout=PATIENCE) == (b"", b"")
            assert process.returncode == 130


def test_closed_standard_streams_are_no_trap(daemon: Daemon) -> None:
    """A daemon started without standard streams keeps the labels true, and never logs into another file."""
    daemon.start(prefix=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"])
    daemon.wait_for_links(lambda links: len(links) == 6)
    assert daemon.stop() == 0
    assert daemon.file.read_text().startswith("# +expiry-time=")
