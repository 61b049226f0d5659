"""Builds the sink that is asked for: each kind of `config.sinks` has its module here, by its name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from xelinkd.config.sinks import section_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from xelinkd.config.schema import Config
    from xelinkd.config.sinks import SinkSettings
    from xelinkd.sinks.sink import Sink

    OnWait = Callable[[], None] | None


def load_what_it_takes(config: Config) -> None:
    """Import what this sink needs and others do not; before a fork, so that it is done once and shared."""
    _maker(config.target.kind)


def _maker(kind: str) -> Callable[[SinkSettings, OnWait], Sink]:
    name = section_of(kind)
    maker: Callable[[SinkSettings, OnWait], Sink] = getattr(import_module(f"{__package__}.{name}"), name)
    return maker


def sink_of(settings: SinkSettings, on_wait: OnWait = None) -> Sink:
    """Build a sink; it calls `on_wait` before whatever may take long. Without it: for who tries once."""
    return _maker(settings.kind)(settings, on_wait)
