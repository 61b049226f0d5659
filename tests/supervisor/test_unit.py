"""Workers that misbehave. Each test runs a program of its own: forking takes a process without threads."""

from __future__ import annotations

import json
from textwrap import dedent

from support import prepared

PROGRAM = """
import os, sys, time
from multiprocessing.connection import wait
from xelinkd import logs
from xelinkd.config.schema import Log
from xelinkd.confinement.promises import Promise
from xelinkd.supervisor.processes import Job
from xelinkd.supervisor.unit import Build, Unit, see_through
from xelinkd.workers.lifeline import ALIVE

def set_up(name):
    logs.configure(Log(level="debug", format="json"), name)

def build(main, may_be_killed=False):
    def jobs():
        return (Job("test", main, (), frozenset({ALIVE}), may_be_killed, promise=Promise),)
    return Build(main, jobs, set_up, heartbeat_deadline=30.0, longest_delay=0.1)

def run(unit, enough):
    '''Do as the supervisor does, until there is enough, then end the unit.'''
    while not unit.is_gone:
        sources = dict(unit.sources())
        for source in wait(list(sources), max(0.0, min(unit.deadline - time.monotonic(), 0.05))):
            sources[source]()
        unit.tick(time.monotonic())
        if enough():
            unit.stop()

set_up("supervisor")
"""


def events_of(program: str) -> list[dict[str, object]]:
    """Run a program, and give what it logged."""
    status, _, errors = prepared.run("-c", PROGRAM + dedent(program))
    assert status == 0, errors.decode()
    return [json.loads(line) for line in errors.splitlines()]


def named(events: list[dict[str, object]], name: str) -> list[dict[str, object]]:
    """Give the events of one name."""
    return [event for event in events if event["event"] == name]


def test_worker_that_speaks_out_of_turn_is_ended() -> None:
    """A worker that says what it may not say is killed, and that is told: it may be hijacked."""
    events = events_of("""
        def speak(lifeline):
            lifeline.say(b"evil")
            time.sleep(60)
        end = time.monotonic() + 1
        run(Unit("unit", build(speak)), lambda: time.monotonic() > end)
    """)
    assert named(events, "worker_out_of_turn")[0]["said"] == "b'evil'"
    assert named(events, "worker_ended")[0]["cause"] == "SIGKILL"


def test_worker_that_says_too_much_is_ended() -> None:
    """A word longer than any there is ends the worker that says it."""
    events = events_of("""
        def speak(lifeline):
            lifeline.say(b"a" * 100_000)
            time.sleep(60)
        end = time.monotonic() + 1
        run(Unit("unit", build(speak)), lambda: time.monotonic() > end)
    """)
    assert named(events, "worker_out_of_turn")


def test_worker_that_says_half_a_word_is_ended() -> None:
    """A worker that an attacker has taken over cannot make the supervisor wait for the rest of a word."""
    events = events_of("""
        def speak(lifeline):
            os.write(lifeline._control.fileno(), b"\\0\\0\\0\\5al")
            time.sleep(60)
        end = time.monotonic() + 1
        run(Unit("unit", build(speak)), lambda: time.monotonic() > end)
    """)
    assert named(events, "worker_out_of_turn")[0]["said"] == "half a word, or more than 16 bytes"


def test_worker_that_crashes_is_told_with_its_fault() -> None:
    """A crash is logged with the exception by the worker, and with the exit status by the supervisor."""
    events = events_of("""
        def crash(lifeline):
            raise RuntimeError("what went wrong")
        end = time.monotonic() + 1
        run(Unit("unit", build(crash)), lambda: time.monotonic() > end)
    """)
    crashed, ended = named(events, "worker_crashed"), named(events, "worker_ended")
    assert "what went wrong" in str(crashed[0]["exception"])
    assert ended[0]["cause"] == "exit status 70"
    assert named(events, "unit_restarting")[0]["delay_seconds"] == 0
    assert {event["delay_seconds"] for event in named(events, "unit_restarting")[1:]} == {0.1}


def test_worker_that_cannot_be_forked_is_tried_again() -> None:
    """A node that is out of descriptors gets its workers when there are some again."""
    events = events_of("""
        import resource
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        began = time.monotonic()
        unit = Unit("unit", build(lambda lifeline: lifeline.wait([], None)))
        while time.monotonic() < began + 0.2:
            unit.tick(time.monotonic())
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        run(unit, lambda: time.monotonic() > began + 1)
    """)
    assert "Too many open files" in str(named(events, "worker_not_started")[0]["error"])
    assert named(events, "worker_started")


def test_last_job_that_hangs_does_not_hold_up_the_end() -> None:
    """What is to be done at the very end is given up if it hangs, and that is told."""
    events = events_of("see_through(build(lambda lifeline: time.sleep(60)))")
    assert named(events, "worker_hung")[0]["workers"] == ["test"]


def test_last_job_that_fails_is_told() -> None:
    """What fails at the very end is told with its cause."""
    events = events_of("see_through(build(lambda lifeline: 1 / 0))")
    assert named(events, "worker_ended")[0]["cause"] == "exit status 70"
