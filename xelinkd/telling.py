"""Tells the course of a fault: when it begins, hourly while it lasts, and when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xelinkd.model.episodes import Began, Ended, Lasts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from structlog.typing import FilteringBoundLogger

    from xelinkd.model.episodes import News


def tell(
    log: FilteringBoundLogger,
    news: News,
    about: Mapping[str, object] | None = None,
    /,
    *,
    fault: str,
    over: str,
    **fields: object,
) -> None:
    """Log the news under two event names: that of the fault, and that of its end.

    `about`: fields that tell which of several things it is about, at the end too.
    """
    which = about or {}
    match news:
        case Began():
            log.warning(fault, **fields, **which)
        case Lasts(seconds):
            log.warning(fault, **fields, lasting_seconds=round(seconds), **which)
        case Ended(seconds):
            log.info(over, lasted_seconds=round(seconds), **which)
        case None:
            pass
