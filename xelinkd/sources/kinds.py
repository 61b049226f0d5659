"""The kinds of sources: a new one is a module with a function such as these, and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from xelinkd.config.url import is_https
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


def load_what_it_takes(config: Config) -> None:
    """Import what this source needs and others do not; before a fork, so that it is done once and shared."""
    if any(map(is_https, config.source.urls)):
        import_module("xelinkd.sources.trust")


def source_of(config: Config) -> Source:
    """Build the source that the configuration asks for."""
    return _MAKERS[config.source.kind](config.source)
