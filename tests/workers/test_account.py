"""What the writer tells on its boards, whatever a fetcher or a status process that is taken over does."""

from __future__ import annotations

import msgspec

from xelinkd.model.observation import MAX_MESSAGE_SIZE, Known, Observation, Unknown, decode
from xelinkd.model.topology import Sighting, Tile, Topology
from xelinkd.model.unknown import Reason
from xelinkd.state.history import History
from xelinkd.workers.account import Account
from xelinkd.workers.boards import Boards

GOOD = Known(
    Topology((Tile(0, 0), Tile(1, 0)), (Sighting(Tile(0, 0), Tile(1, 0), 4, on_subdevice=True),)), 1.0
)


def huge(number: int) -> Observation:
    """Give nearly the largest observation that a fetcher can send; another number has other links."""
    links = [[[n % 128, n // 128 % 128], [n // 16_384, number], 4, True] for n in range(210_000)]
    message = msgspec.msgpack.encode(["known", [[], links], 1.0])
    assert MAX_MESSAGE_SIZE * 0.8 < len(message) < MAX_MESSAGE_SIZE
    return decode(message)


def take_in(boards: Boards, *observations: Observation) -> None:
    """Let one writer after the other take in an observation."""
    for at, observation in enumerate(observations, start=2):
        Account(boards.keeping, boards.history).takes_in(observation, float(at))


def test_fetcher_that_makes_up_ever_more_links() -> None:
    """However many links are made up and go again, the writer goes on, and so do all that come after it."""
    boards = Boards()
    take_in(boards, *map(huge, (1, 2)), GOOD)
    assert boards.history.look().topology == GOOD.topology


def test_status_process_that_fills_the_history() -> None:
    """A board that a status process filled to the brim ends no writer; the history begins anew."""
    boards = Boards()
    tiles = 2 * MAX_MESSAGE_SIZE // 3 - 20  # three bytes each
    boards.history.show(History(Topology(tuple(Tile(n % 128, 0) for n in range(tiles)), ())))
    take_in(boards, Unknown(Reason.DNS, "no such host" * 100), GOOD)
    assert boards.history.look().topology == GOOD.topology


def test_steady_links_are_no_news() -> None:
    """What wakes the supervisor is what people would want to know, not that time goes on."""
    boards = Boards()
    account = Account(boards.keeping, boards.history)
    steps: list[Observation] = [
        GOOD,
        Known(GOOD.topology, 2.0),
        Unknown(Reason.DNS, "no such host"),
        GOOD,
        GOOD,
    ]
    news = []
    for at, observation in enumerate(steps, start=2):
        account.takes_in(observation, float(at))
        news.append(account.take_news())
    assert news == [True, False, True, True, False]
