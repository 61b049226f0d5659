"""What is known of the credentials, and outlives the fetcher that learned it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.config.schema import files_of_the_source
from xelinkd.model.login import ACCEPTED, NEW, WAIT, Standing
from xelinkd.workers.lifeline import ADMITTED, SPARED, WARY

if TYPE_CHECKING:
    from xelinkd.config.load import Loaded

WORDS: Final = frozenset({WARY, ADMITTED, SPARED})


class Logins(Struct, frozen=True):
    """Before when the credentials may not be sent (time.monotonic), and how they stand."""

    not_before: float = 0.0
    standing: Standing = NEW


def heard(word: bytes, now: float) -> Logins:
    """Take in one of WORDS from the fetcher."""
    if word == WARY:
        return Logins(not_before=now + WAIT)
    return Logins(standing=ACCEPTED if word == ADMITTED else NEW)


def credentials(loaded: Loaded) -> object:
    """Give what makes credentials other ones, or sends them to another server: they are tried at once."""
    source = loaded.config.source
    files = {path: loaded.fingerprints[path] for path in files_of_the_source(loaded.config)}
    return source.urls, source.user, source.fingerprint, files
