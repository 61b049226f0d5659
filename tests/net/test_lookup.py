"""Names are looked up within a deadline, whatever the resolver does."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.daemon import wait_until

from xelinkd.net.deadline import Deadline
from xelinkd.net.lookup import MAX_HANGING, look_up

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "xpum.example"
FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))]


class Resolver:
    """Stands in for the C library's: hangs as long as it is told to, and counts who waits."""

    def __init__(self) -> None:
        """Answer at once."""
        self.answers = threading.Event()
        self.answers.set()
        self.asked = 0

    def __call__(self, _host: bytes, _port: int, **_: object) -> list[tuple[Any, ...]]:
        """Look a name up."""
        self.asked += 1
        self.answers.wait()
        return FOUND


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    """Give a resolver that is asked; in the end nobody waits for it any more."""
    made = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    before = threading.active_count()
    yield made
    made.answers.set()
    wait_until(lambda: threading.active_count() <= before, "the end of all lookups")


def standing(seconds: float) -> Deadline:
    """Give a deadline that never comes nearer: a machine may be slow to start a thread."""
    return Deadline(seconds, lambda: 0.0)


def within(seconds: float) -> Deadline:
    """Give a deadline from now."""
    return Deadline(time.monotonic() + seconds, time.monotonic)


def test_name_is_found(resolver: Resolver) -> None:
    """A name is looked up each time: it may have moved."""
    assert [look_up(NAME, 80, within(20)) for _ in range(2)] == [FOUND, FOUND]
    assert resolver.asked == 2


def test_hanging_resolver_ends_by_the_deadline(resolver: Resolver) -> None:
    """A fetch ends by its deadline, and the next one is answered though the lookup still hangs."""
    resolver.answers.clear()
    with pytest.raises(socket.gaierror, match="is the resolver hanging"):
        look_up(NAME, 80, standing(0.05))
    hanging, resolver.answers = resolver.answers, threading.Event()
    resolver.answers.set()
    assert look_up(NAME, 80, within(20)) == FOUND
    hanging.set()


def test_lookups_that_hang_are_few(resolver: Resolver) -> None:
    """A resolver that hangs for hours costs a few threads, and is asked again when some of them are done."""
    resolver.answers.clear()
    for _ in range(MAX_HANGING + 3):
        with pytest.raises(socket.gaierror):
            look_up(NAME, 80, standing(0.02))
    assert resolver.asked == MAX_HANGING
    resolver.answers.set()
    assert wait_until(lambda: _found(NAME), "an answer") == FOUND


def _found(name: str) -> object:
    try:
        return look_up(name, 80, within(20))
    except socket.gaierror:  # the others are just about to end
        return None


@pytest.mark.parametrize(("name", "error"), [("nowhere." * 40, socket.gaierror), ("ä", UnicodeError)])
def test_name_that_there_cannot_be(name: str, error: type[Exception]) -> None:
    """Who asked is told what is wrong with a name."""
    with pytest.raises(error):
        look_up(name, 80, within(20))


def test_address_takes_no_thread(resolver: Resolver) -> None:
    """An address is as good as a lookup."""
    resolver.answers.clear()
    before = threading.active_count()
    assert look_up("127.0.0.1", 29_999, within(0.01))[0][4] == ("127.0.0.1", 29_999)
    assert threading.active_count() == before


def test_no_thread_to_be_had(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a limit of tasks the fetch fails like any other, and its process goes on."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(OSError, match="can't start new thread"):
        look_up(NAME, 80, within(20))
    assert resolver.asked == 0
