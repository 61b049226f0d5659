"""The source: what came of one reading, as every source tells it."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from xelinkd.model.fabric import read_message
from xelinkd.model.observation import Unknown
from xelinkd.model.unknown import UnknownPageError
from xelinkd.net.failure import FetchError
from xelinkd.sources.level_zero.asking import Asking
from xelinkd.sources.source import Seen

if TYPE_CHECKING:
    from xelinkd.config.sources import Source as Settings
    from xelinkd.model.page import Page
    from xelinkd.sources.source import Through

LIBRARY: Final = "libze_loader.so.1"
ADDRESS: Final = f"Level Zero ({LIBRARY})"


class LevelZero(Struct, frozen=True):
    """Level Zero Sysman on this node; `sysfs` is where the kernel shows what there should be."""

    deadline_seconds: float
    library: str = LIBRARY
    sysfs: Path = Path("/sys")
    asking: Asking = field(default_factory=Asking)

    @property
    def sends_login(self) -> bool:
        """Tell that there are no credentials."""
        return False

    def within(self, seconds: float) -> LevelZero:
        """Give the same source with another deadline."""
        return replace(self, deadline_seconds=seconds)

    def look(self, known: Page | None = None, through: Through = iter) -> Seen:
        """Ask once, in a process of its own."""
        return Seen(self._outcome(known, through), None, ADDRESS)

    def _outcome(self, known: Page | None, through: Through) -> Page | Unknown:
        try:
            message = self.asking.ask(partial(_read, self.library, self.sysfs), self.deadline_seconds)
            return read_message(b"".join(through([message])), known)
        except (FetchError, UnknownPageError) as error:
            return Unknown(error.reason, str(error))


def _read(library: str, sysfs: Path) -> bytes:
    """Read the ports; in the short-lived process only, which alone loads what that takes."""
    message: bytes = import_module("xelinkd.sources.level_zero.reading").read(library, sysfs)
    return message


def level_zero(settings: Settings) -> LevelZero:
    """Ask Level Zero, within the deadline of a fetch."""
    return LevelZero(float(settings.deadline))
