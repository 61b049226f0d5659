"""A page of XPU Manager that is named on the command line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xelinkd.cli.usage import UsageError
from xelinkd.workers.observer import source_of

if TYPE_CHECKING:
    from xelinkd.config.schema import Config
    from xelinkd.sources.metrics import MetricsSource


def source_at(url: str, config: Config) -> MetricsSource:
    """Give a source at another address than the configured one, and otherwise like it.

    Raises:
        UsageError: that is no address.

    """
    try:
        return replace(source_of(config), url=url, login=None)  # the password is for one server
    except ValueError as error:
        raise UsageError(f"{url}: {error}") from None
