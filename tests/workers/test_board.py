"""What one process shows and another sees."""

from __future__ import annotations

import os
import resource
import struct
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.daemon import Daemon, wait_until

from xelinkd.model.observation import MAX_DETAIL_LENGTH
from xelinkd.state.histogram import OF_A_FETCH, OF_PARSING
from xelinkd.state.told import MAX_ODDITIES, Fetching
from xelinkd.workers.board import LEAST_LIMIT, Board
from xelinkd.workers.boards import Boards
from xelinkd.workers.fetcher import Report

if TYPE_CHECKING:
    from pathlib import Path

    from xelinkd.simulator.server import Simulator

TOLD = Fetching(known=7, page_bytes=555_000)


def board(size: int = 4096) -> Board[Fetching]:
    """Give an empty board."""
    return Board("test", Fetching, Fetching(), size=size)


def test_what_is_shown_is_seen_by_another_process() -> None:
    """The status process sees what a worker told last, and when it looks again, what is new."""
    shared = board()
    shared.show(TOLD)
    reading, writing = os.pipe()
    if os.fork() == 0:
        with suppress(BaseException):
            shared.show(Fetching(known=shared.look().known + 1))
        os.write(writing, b"done")
        os._exit(0)
    assert os.read(reading, 4) == b"done"
    os.wait()
    os.close(reading)
    os.close(writing)
    assert shared.look() == Fetching(known=8)


def test_nothing_shown_yet() -> None:
    """Before anything is told there is nothing to see, and nothing is made up."""
    assert board().look() == Fetching()


def test_value_that_is_cut_short() -> None:
    """Who looks while a value is written, or after its writer was killed, sees the one before."""
    shared = board()
    shared.show(TOLD)
    assert shared.look() == TOLD
    os.pwrite(shared.fileno(), b"\xff" * 20, 30)
    assert shared.look() == TOLD


def test_size_is_fixed() -> None:
    """A process that is taken over cannot fill the memory by what it tells."""
    shared = board(size=100)
    with pytest.raises(PermissionError):
        os.ftruncate(shared.fileno(), 1_000_000)
    with pytest.raises(PermissionError):
        os.pwrite(shared.fileno(), b"x", 1_000_000)
    with pytest.raises(ValueError, match="for a board of 100"):
        shared.show(TOLD)


@pytest.mark.parametrize("verb", [["run"], ["once"]])
def test_limit_of_files_that_is_too_small(tmp_path: Path, verb: list[str]) -> None:
    """A start that cannot work says in a sentence which limit has to be how large."""
    config = tmp_path / "xelinkd.toml"
    config.write_text(f'[feature_file]\npath = "{tmp_path}/labels.txt"\n')
    command = [*limited_to(1000), sys.executable, "-m", "xelinkd", *verb, "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("xelinkd: ")
    assert f"LimitFSIZE=) is 1000 bytes; it has to be {LEAST_LIMIT}" in last


def limited_to(size: int) -> list[str]:
    """Give a command that has another write no file that is larger."""
    return ["prlimit", f"--fsize={size}"]


def test_limit_of_files_that_is_just_enough(daemon: Daemon) -> None:
    """What the sentence asks for is enough."""
    daemon.start(prefix=limited_to(LEAST_LIMIT))
    daemon.wait_for_links(lambda links: len(links) == 6)


def test_limit_of_files_that_is_set_later(daemon: Daemon, xpum: Simulator) -> None:
    """A limit under which nothing can be written ends no process, and once it is gone all is as before."""
    daemon.start()
    daemon.wait_for_links(lambda links: len(links) == 6)
    workers = daemon.wait_for_workers()
    _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
    for pid in (daemon.pid, *workers.values()):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    xpum.set_link("0.0-1.0", up=False)
    scrapes = xpum.scrapes
    wait_until(lambda: xpum.scrapes > scrapes + 5, "fetches under the limit")
    assert daemon.workers() == workers
    daemon.configure(labels={"min_lanes": 3})
    wait_until(lambda: daemon.workers().get("writer", 0) not in {0, workers["writer"]}, "another writer")
    assert len(daemon.links()) == 6
    for pid in (daemon.pid, *daemon.wait_for_workers().values()):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    daemon.wait_for_links(lambda links: len(links) == 5)
    assert daemon.stop() == 0


@given(st.binary(max_size=200))
def test_whatever_is_written_there(content: bytes) -> None:
    """Bytes that a process that is taken over leaves there never break who looks."""
    shared = board()
    os.pwrite(shared.fileno(), content, 0)
    assert isinstance(shared.look(), Fetching)


@pytest.mark.parametrize("histogram", ["fetch_seconds", "parse_seconds"])
@pytest.mark.parametrize("buckets", [0, 1, len(OF_PARSING), len(OF_A_FETCH), 32])
def test_histogram_that_a_fetcher_made_up(histogram: str, buckets: int) -> None:
    """No fetcher goes on from buckets that are not ours, which would end it at each fetch."""
    shared = board()
    content = msgspec.msgpack.encode({"known": 9, histogram: [[1] * buckets, 1.0]})
    os.pwrite(shared.fileno(), struct.pack("!II", len(content), zlib.crc32(content)) + content, 0)
    assert shared.look() == Fetching()


def test_oddities_as_long_as_they_may_be() -> None:
    """Whatever a fetcher tells, there is room for what the one after it has to tell."""
    shared = Boards().fetching
    shared.show(Fetching(oddities=("\U0010ffff" * MAX_DETAIL_LENGTH,) * MAX_ODDITIES))
    report = Report(shared)
    report.starts(time.monotonic())
    report.begins()
    assert shared.look().began_at is not None
