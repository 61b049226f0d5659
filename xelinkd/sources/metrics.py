"""XPU Manager's `/metrics` page as a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.model.page import read_parts
from xelinkd.sources.place import place_of
from xelinkd.sources.source import HttpSource

if TYPE_CHECKING:
    from xelinkd.config.sources import Source as Settings


def metrics(settings: Settings) -> HttpSource:
    """Ask for the page at `source.url`."""
    return HttpSource(place_of(settings, settings.url), read_parts)
