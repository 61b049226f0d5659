"""The kinds of sources: a new one is a module with a function such as these, and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd.sources.auto import auto
from xelinkd.sources.metrics import metrics
from xelinkd.sources.rest import rest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xelinkd.config.schema import Config, Kind
    from xelinkd.config.schema import Source as Settings
    from xelinkd.sources.source import Source

_MAKERS: Final[Mapping[Kind, Callable[[Settings], Source]]] = {
    "metrics": metrics,
    "rest": rest,
    "auto": auto,
}


def source_of(config: Config) -> Source:
    """Build the source that the configuration asks for."""
    return _MAKERS[config.source.kind](config.source)
