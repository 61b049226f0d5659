"""What every sink is, whatever kind it has: somewhere that labels with an end are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from xelinkd.model.feature_file import FeatureFile, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xelinkd.model.episodes import News


class Absent(Struct, frozen=True):
    """There is nothing."""


class Ours(Struct, frozen=True):
    """What this program (or the Go program) wrote; `usable` if Node Feature Discovery can use it as it is."""

    file: FeatureFile
    usable: bool


class Foreign(Struct, frozen=True):
    """Something that is not ours, and never adopted or removed."""

    what: str


Found = Absent | Ours | Foreign


class SinkError(Exception):
    """The sink could not do it: `reason` is the stable word, the text says what, where and what to do."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep both."""
        self.reason = reason
        super().__init__(detail)


FAILURES = (OSError, TooLargeError, SinkError)
"""All that a sink may raise."""


class Sink(Protocol):
    """Where labels go. What it raises is among FAILURES; after that, what was there may still be there.

    `renewal`: the end is put off when less than this share of the lease is left.
    """

    @property
    def place(self) -> str:
        """Where it is, for people."""

    @property
    def about(self) -> Mapping[str, object]:
        """The fields that name it in the log."""

    @property
    def renewal(self) -> float:
        """A share of the lease."""

    @property
    def retry_at(self) -> float | None:
        """When it is worth to try again what failed (boot time); None: any time."""

    def signature(self) -> object | None:
        """Give what changes whenever what is there may have, at next to no cost; None: nothing is there."""

    def read(self) -> Found:
        """Look at what is there."""

    def check(self, lines: tuple[str, ...]) -> None:
        """Refuse labels that would not be taken, before they are held.

        Raises:
            TooLargeError: they are too many.

        """

    def write(self, file: FeatureFile) -> object | None:
        """Have these labels there, as a whole; keep what is not ours, even if it came a moment ago.

        Gives their signature, whatever may be there by now.
        """

    def remove(self) -> None:
        """Have nothing there; nothing is fine."""

    def memo(self) -> bytes:
        """Give what a successor may use of what is known here; it is another one when that is."""

    def recall(self, memo: bytes) -> None:
        """Go on with what a predecessor knew: it may have had another place, or be of another kind."""

    def sweep(self) -> None:
        """Tidy up what a predecessor that was killed may have left."""

    # What it tells.

    def tell_foreign(self, found: Foreign) -> None:
        """Say that what is there is not ours."""

    def tell_repaired(self, expires: str) -> None:
        """Say that the same labels had to be written again."""

    def tell_fault(self, news: News, error: Exception | None) -> None:
        """Tell the course of a fault."""

    def explain(self, error: Exception) -> str:
        """Say for people what went wrong, and what to do."""
