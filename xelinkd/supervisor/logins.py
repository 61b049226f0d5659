"""What is known of the credentials, and outlives the fetcher that learned it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xelinkd.model.login import ACCEPTED, NEW, WAIT, Standing
from xelinkd.workers.lifeline import ADMITTED, SPARED, WARY

if TYPE_CHECKING:
    from xelinkd.config.load import Loaded

WORDS: Final = frozenset({WARY, ADMITTED, SPARED})


@dataclass(frozen=True, slots=True)
class Logins:
    """Before when the credentials may not be sent (time.monotonic), and how they stand."""

    not_before: float = 0.0
    standing: Standing = NEW


def heard(word: bytes, now: float) -> Logins:
    """Take in one of WORDS from the fetcher."""
    if word == WARY:
        return Logins(not_before=now + WAIT)
    return Logins(standing=ACCEPTED if word == ADMITTED else NEW)


def credentials(loaded: Loaded) -> object:
    """Give what makes credentials other ones, to be tried at once."""
    source = loaded.config.source
    path = source.password_path
    return source.urls, source.user, loaded.fingerprints[path] if path else None
