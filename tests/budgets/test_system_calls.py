"""What a steady cycle asks of the kernel: the part of its cost that is the same on any machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.daemon import Daemon, wait_until
from support.strace import calls_between, needs_strace, prefix, requests

from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.server import serving

if TYPE_CHECKING:
    from collections import Counter

pytestmark = [needs_strace, pytest.mark.once]

SETTLING, CYCLES = 10, 20  # after the first write, whose news is told; many, for the ends are the fetcher's

# Wait, board, socket, four to connect in time, three to send, close, board, message: 13, and room for three.
MOST_OF_THE_FETCHER = 16
MOST_TO_RECEIVE = 3  # how long it may take, whether something is there, and take it
# Wait, message (2 reads), lock, feature file, whether three places still are what they were, two boards: 10.
MOST_OF_THE_WRITER = 12


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    """Give the calls of each worker in steady cycles without a heartbeat."""
    folder, told = tmp_path_factory.mktemp("steady"), tmp_path_factory.mktemp("calls") / "strace"
    told.touch()
    with serving(parse_machine("8x-max1550")) as xpum:
        daemon = Daemon(folder, xpum.url)
        daemon.configure(supervision={"heartbeat_deadline": "1d"})
        try:
            daemon.start(prefix=prefix(told))
            wait_until(daemon.file.exists, "labels")
            first = requests(told) + SETTLING
            wait_until(lambda: requests(told) > first + CYCLES, "cycles")
        finally:
            daemon.close()
    return calls_between(told, first, first + CYCLES)


def test_fetcher_makes_few_calls_besides_receiving(calls: dict[str, Counter[str]]) -> None:
    """A fetch takes what a request takes, and not more with each change of the program."""
    fetcher = calls["fetcher"]
    parts = fetcher["recvfrom"]

    assert parts > 0
    assert fetcher.total() - MOST_TO_RECEIVE * parts <= MOST_OF_THE_FETCHER * CYCLES, fetcher


def test_writer_looks_and_writes_no_file(calls: dict[str, Counter[str]]) -> None:
    """Labels that are confirmed cost a dozen calls: none of them opens, writes or syncs a file."""
    writer = calls["writer"]

    assert writer.total() <= MOST_OF_THE_WRITER * (CYCLES + 1), writer
    assert not {"open", "openat", "rename", "renameat", "fsync", "unlink"} & set(writer), writer


def test_supervisor_and_watcher_sleep(calls: dict[str, Counter[str]]) -> None:
    """Who has nothing to do in a steady cycle is not woken by it."""
    assert not {"supervisor", "watcher"} & set(calls), calls  # its thread hears of whatever is made in /tmp
