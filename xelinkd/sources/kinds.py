"""Builds the source that is asked for: each kind of `config.sources` has its module here, by its name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from xelinkd.config.url import is_https

if TYPE_CHECKING:
    from collections.abc import Callable

    from xelinkd.config.schema import Config
    from xelinkd.config.sources import Source as Settings
    from xelinkd.sources.source import Source


def load_what_it_takes(config: Config) -> None:
    """Import what this source needs and others do not; before a fork, so that it is done once and shared."""
    _maker(config.source.kind)
    if any(map(is_https, config.source.urls)):
        import_module("xelinkd.net.trust")


def _maker(kind: str) -> Callable[[Settings], Source]:
    name = kind.replace("-", "_")
    maker: Callable[[Settings], Source] = getattr(import_module(f"{__package__}.{name}"), name)
    return maker


def source_of(config: Config) -> Source:
    """Build the source that the configuration asks for."""
    return _maker(config.source.kind)(config.source)
