"""How much a node asks of the API server, whatever that answers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hypothesis import given
from hypothesis import strategies as st
from support.effort import examples
from support.keeping import LEASE, ONE, Clock

from standins.api_server import ApiServer, Refusal
from xelinkd import logs
from xelinkd.config.schema import Log
from xelinkd.config.sinks import NodeFeature
from xelinkd.sinks.node_feature import NodeFeatureSink
from xelinkd.workers.keeper import Keeper
from xelinkd.workers.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR: Final = 3600.0
INTERVAL: Final = 30.0
MOST: Final = 75  # requests in the first hour: 56 attempts, and three beginnings of a series of waits

ANSWERS: Final = (
    None,  # the right one
    Refusal(401),
    Refusal(403),
    Refusal(404),
    Refusal(409),
    Refusal(429, headers={"Retry-After": "1"}),
    Refusal(500),
    lambda handler: handler.connection.close(),
    lambda handler: handler.answer(200, b"{}"),
)


def requests_of_an_hour(answers: Iterator[Any], chances: Iterator[float], crashes: Iterator[bool]) -> int:
    """Let a node with steady links live for an hour; its writer may be replaced at any step."""
    with tempfile.TemporaryDirectory() as folder, ApiServer(Path(folder)).serving() as cluster:
        given: dict[str, Any] = cluster.settings()
        settings = NodeFeature(**given | {"credentials_dir": Path(given["credentials_dir"])})
        clock, memory = Clock(), Memory()

        def begin() -> Keeper:
            sink = NodeFeatureSink(settings, clock=clock, chance=lambda: next(chances))
            return Keeper(sink, 30 * LEASE, clock, memory)

        keeper, end, due = begin(), clock.boot + HOUR, clock.boot
        while clock.boot < end:
            keeper = begin() if next(crashes) else keeper
            cluster.instead.clear()
            cluster.instead.extend(next(answers) for _ in range(3))
            is_observed = clock.boot >= due
            keeper.step(ONE if is_observed else None, clock.boot)
            due += INTERVAL if is_observed else 0.0
            clock.advance(min(due, keeper.retry_at or due) - clock.boot)
        return len(cluster.asked)


def cycle(draw: st.DataObject, what: st.SearchStrategy[Any]) -> Iterator[Any]:
    """Give a short list of these again and again."""
    drawn = draw.draw(st.lists(what, min_size=1, max_size=12))
    while True:
        yield from drawn


@given(st.data())
@examples(6)
def test_requests_are_bounded(data: st.DataObject) -> None:
    """Whatever the server answers and however often the writer crashes, a node asks some 60 times an hour."""
    logs.configure(Log(level="error", format="json"), "writer")
    answers = cycle(data, st.sampled_from(ANSWERS))
    chances = cycle(data, st.floats(0, 1))
    crashes = cycle(data, st.booleans())
    assert requests_of_an_hour(answers, chances, crashes) <= MOST


def test_conflicts_without_end() -> None:
    """An object that cannot be deleted, though it can be looked at each time, is asked for less and less."""
    logs.configure(Log(level="error", format="json"), "writer")
    with tempfile.TemporaryDirectory() as folder, ApiServer(Path(folder)).serving() as cluster:
        given: dict[str, Any] = cluster.settings()
        settings = NodeFeature(**given | {"credentials_dir": Path(given["credentials_dir"])})
        clock = Clock()
        sink = NodeFeatureSink(settings, clock=clock, chance=lambda: 0.0)
        keeper = Keeper(sink, LEASE, clock, Memory())
        keeper.step(ONE, clock.boot)
        clock.advance(LEASE)

        def conflict(handler: Any) -> None:  # noqa: ANN401  a handler
            asked = cluster.asked[-1]
            if asked.method == "DELETE":
                handler.refuse(Refusal(409))
            else:
                cluster.serve(handler, asked)

        cluster.always, end = conflict, clock.boot + HOUR
        cluster.asked.clear()
        while clock.boot < end and len(cluster.asked) <= 2 * 56:
            keeper.step()
            clock.boot = keeper.retry_at or end
        assert len(cluster.asked) <= 2 * 56


def test_server_that_always_fails() -> None:
    """The worst that chance can do to a server that never answers well is 56 requests in the first hour."""
    logs.configure(Log(level="error", format="json"), "writer")

    def always(value: Any) -> Iterator[Any]:  # noqa: ANN401  anything
        while True:
            yield value

    assert requests_of_an_hour(always(Refusal(500)), always(0.0), always(value=False)) <= 56
