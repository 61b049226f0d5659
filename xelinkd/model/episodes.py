"""How a fault that lasts is told: when it begins, hourly, and when it ends, with how long it took."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

REMIND_EVERY: Final = 3600.0  # seconds


class Began(Struct, frozen=True):
    """The fault was not there before."""


class Lasts(Struct, frozen=True):
    """The fault is still there, after so many seconds."""

    seconds: float


class Ended(Struct, frozen=True):
    """The fault is over, after so many seconds."""

    seconds: float


class Episode(Struct, frozen=True):
    """A fault in its course: the kinds told so far, since when, when last told (steady seconds)."""

    kinds: frozenset[str]
    since: float
    told: float


News = Began | Lasts | Ended | None


def follow(episode: Episode | None, kind: str | None, now: float) -> tuple[Episode | None, News]:
    """Take in what fault there is now (None: all is well); give the episode and what is worth telling.

    A fault that turns into another is one episode; each of its kinds is told once, then hourly.
    """
    if kind is None:
        return None, Ended(now - episode.since) if episode else None
    if episode is None:
        return Episode(frozenset({kind}), now, now), Began()
    kinds = episode.kinds | {kind}
    if kind not in episode.kinds:
        return Episode(kinds, episode.since, now), Began()
    if now - episode.told >= REMIND_EVERY:
        return Episode(kinds, episode.since, now), Lasts(now - episode.since)
    return episode, None
