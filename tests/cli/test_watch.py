"""`xelinkd watch`."""

from __future__ import annotations

import json
import queue
import re
import signal
import ssl
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import pytest
import trustme
from support.daemon import PATIENCE, toml, wait_until, xelinkd
from support.pages import serving_page
from support.states import GOOD, KEEPING, LINKED, changed, replace, topology
from support.status_server import serving_status

from xelinkd.cli.watching import SourceWatch
from xelinkd.config.schema import Config
from xelinkd.model.lease import Instant
from xelinkd.model.page import read_parts
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.page import render
from xelinkd.sources.login import Login
from xelinkd.sources.place import Place
from xelinkd.sources.source import HttpSource
from xelinkd.state.history import History, seen
from xelinkd.views.terminal.changes import Change

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.daemon import Daemon

    from xelinkd.simulator.server import Simulator

FAST: Final = ("--every", "100ms")
# A test run in the background has SIGINT ignored, and its children inherit that.
PROGRAM: Final = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from xelinkd.cli import main; sys.exit(main())"
)
LOST: Final = replace(
    GOOD,
    history=seen(History(LINKED), topology([(0, 1), (0, 2)]), 9_999.0),
    keeping=changed(KEEPING, lines=("gpu.intel.com/xe-links=0.0-1.1_0.1-1.0_0.0-2.0_0.1-2.0",)),
)


class Watch:
    """A `xelinkd watch` that runs, with its output in a pipe, line by line."""

    def __init__(self, *arguments: str | Path) -> None:
        """Start it."""
        command = [sys.executable, "-c", PROGRAM, "watch", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._lines: queue.Queue[str] = queue.Queue()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)

    def line(self) -> str:
        """Give the next line, as soon as it is there."""
        return self._lines.get(timeout=PATIENCE)

    def change(self) -> str:
        """Give the next line without its time."""
        line = self.line()
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  ", line), line
        return line.partition("  ")[2].rstrip()

    def changes(self, number: int) -> set[str]:
        """Give the next lines without their times, in whichever order they came."""
        return {self.change() for _ in range(number)}

    def picture(self, blanks: int) -> list[str]:
        """Give the lines of the state, which has so many empty ones, the last among them."""
        lines = [self.line()]
        while lines.count("\n") < blanks:
            lines.append(self.line())
        return lines

    def object(self) -> Any:  # noqa: ANN401  JSON
        """Give the next line, which is JSON."""
        return json.loads(self.line())

    def end(self) -> tuple[int, str]:
        """End it as ^C does; give its exit status, and what is on standard error."""
        self.process.send_signal(signal.SIGINT)
        self._thread.join(PATIENCE)
        assert self.process.stderr
        errors = self.process.stderr.read()
        return self.process.wait(PATIENCE), errors


@pytest.fixture
def watches() -> Iterator[list[Watch]]:
    """Give a list; the watches in it end with the test."""
    running: list[Watch] = []
    yield running
    for watch in running:
        watch.process.kill()
        watch.process.wait()
        watch._thread.join()  # noqa: SLF001  ours
        for stream in (watch.process.stdout, watch.process.stderr):
            assert stream
            stream.close()


def start(watches: list[Watch], *arguments: str | Path) -> Watch:
    """Start a watch that ends with the test."""
    watches.append(Watch(*arguments))
    return watches[-1]


def test_changes_of_a_running_xelinkd(watches: list[Watch], daemon: Daemon, xpum: Simulator) -> None:
    """People see the state once, then each change in a line, even through a pipe; ^C ends it cleanly."""
    daemon.serve_status().start()
    daemon.wait_for_answer("/readyz", lambda code, _: code == 200)
    watch = start(watches, "--config", daemon.config, *FAST)
    first, *_ = watch.picture(blanks=2)
    assert (first.startswith("xelinkd "), first.endswith(": ready\n")) == (True, True)
    xpum.set_link("0.0-1.0", up=False)
    assert watch.changes(2) == {"link lost       0.0-1.0", "labels changed  6 -> 5 links"}
    xpum.set_link("0.0-1.0", up=True)
    assert watch.changes(2) == {"link back       0.0-1.0", "labels changed  5 -> 6 links"}
    assert watch.end() == (130, "")


def test_the_configured_xelinkd_goes_away_and_comes_back(plain: Path, watches: list[Watch]) -> None:
    """A xelinkd that does not run is said not to answer, and is followed again when it does."""
    with serving_status() as server:
        plain.write_text(toml({"status": {"listen": server.listen}}))
        port, url = server.server_port, server.url
    watch = start(watches, "--config", plain, *FAST)
    assert watch.change().startswith(f"no answer       refused  {url}: nothing listens there")
    with serving_status(port=port):
        assert watch.change() == f"answers again   {url}"
        watch.picture(blanks=2)
    assert watch.change().startswith("no answer")
    supervision = changed(GOOD.supervision, started_at=9_990.0, version="0.2.0")
    with serving_status(replace(GOOD, supervision=supervision), port=port):
        assert watch.change() == f"answers again   {url}"
        assert watch.change() == "restarted       version 0.2.0"


def test_json_lines(plain: Path, watches: list[Watch]) -> None:
    """Programs get one object a line: the state, then the changes."""
    with serving_status() as server:
        watch = start(watches, "--config", plain, server.url, "--format=json", *FAST)
        first = watch.object()
        assert (first["event"], first["state"]["ready"]["passed"]) == ("state", True)
        server.state = LOST
        assert watch.object() == {
            "time": "2027-01-15T07:59:59Z",
            "event": "link_lost",
            "subject": "1.0-2.1",
            "detail": "",
        }


def test_a_clock_that_is_set_is_no_change(plain: Path, watches: list[Watch]) -> None:
    """When somebody sets the wall clock, no old event is told as a new one."""
    with serving_status(LOST) as server:
        watch = start(watches, "--config", plain, server.url, *FAST)
        watch.picture(blanks=3)
        server.state = replace(LOST, now=Instant(LOST.now.boot, LOST.now.wall + 3600))
        served = server.served
        wait_until(lambda: server.served > served + 1, "two more looks")
        server.state = GOOD
        assert watch.change() == "labels changed  4 -> 6 links"


@pytest.mark.parametrize("configured", [True, False])
def test_changes_of_a_page(plain: Path, watches: list[Watch], xpum: Simulator, *, configured: bool) -> None:
    """A page of XPU Manager is followed without any xelinkd: links, and whether it tells them."""
    plain.write_text(toml({"source": {"url": xpum.url if configured else "http://127.0.0.1:1/metrics"}}))
    watch = start(watches, "--config", plain, "--source" if configured else xpum.url, *FAST)
    assert "3 GPUs, 6 tiles, 6 links\n" in watch.picture(blanks=3)
    xpum.set_link("0.0-2.0", up=False)
    assert watch.change() == "link lost       0.0-2.0"
    xpum.set_link("0.0-2.0", up=True)
    assert watch.change() == "link back       0.0-2.0"


def test_a_page_that_fails(plain: Path, watches: list[Watch]) -> None:
    """A page that does not tell the topology is unknown, and no link is said to be lost."""
    page = render(parse_machine("2x2"))
    with serving_page(b"") as server:
        watch = start(watches, "--config", plain, server.url, "--format=json", *FAST)
        assert watch.object()["subject"] == "not_exposition"
        server.body = page
        assert watch.object()["event"] == "source_back"
        assert len(watch.object()["state"]["links"]) == 2
        server.status = 500
        failing = watch.object()
        assert (failing["event"], failing["subject"]) == ("source_failing", "http_status")
        server.status = 200
        assert watch.object()["event"] == "source_back"


def test_a_password_that_is_refused_is_not_tried_again_soon(tmp_path: Path) -> None:
    """A watch with a wrong password does not take XPU Manager's threads: the next login waits 5 minutes."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "password").write_text("wrong")
    with serving_page(b"", context) as server:
        server.login = "xpumadmin:right"
        login = Login("xpumadmin", tmp_path / "password")
        source = Place(server.url, PATIENCE, str(tmp_path / "ca.pem"), 1000, login)
        watch = SourceWatch(HttpSource(source, read_parts), Config(), 0.1)
        (failing,) = watch.look()
        assert isinstance(failing, Change)
        assert (failing.subject, watch.pause, server.refused) == ("unauthorized", 300.0, 1)
        server.login = "xpumadmin:wrong"
        assert [news.subject for news in watch.look() if isinstance(news, Change)] == ["not_exposition"]
        assert watch.pause == 0.1


def test_reader_that_is_gone_ends_it(plain: Path) -> None:
    """With `| head` it ends when head does, without waiting for a change."""
    with serving_status() as server:
        command = [sys.executable, "-m", "xelinkd", "watch", "--config", str(plain), server.url, "--every=1h"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stderr
            process.stdout.readline()
            process.stdout.close()
            assert process.wait(PATIENCE) == 0
            assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--source", "http://127.0.0.1:1/metrics"], "--source is the configured page"),
        (["--every", "5"], "argument --every"),
        (["--every", "1ms"], 'a duration from "100ms" to "7d"'),
        (["nonsense"], "the address of a xelinkd is"),
        (["http://["], "the address of a xelinkd is"),
    ],
)
def test_mistakes(plain: Path, arguments: list[str], sentence: str) -> None:
    """What cannot be followed is told at once, with status 2."""
    done = xelinkd("watch", "--config", plain, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
