"""Logs: one event is one line is one write to standard error; JSON for machines, text for a terminal.

Every event has a stable name and fields, listed in docs/logging.md.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

    from xelinkd.config.schema import Log

# Unbuffered, so that a line goes out whole, in one write.
_STDERR: Final = open(2, "wb", buffering=0, closefd=False)  # noqa: SIM115  lives as long as the process

_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)


def configure(config: Log, process: str) -> None:
    """Set up logging for this process, which is named in each of its lines."""
    as_text = config.format == "text" or (config.format == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _named(process),
            structlog.processors.format_exc_info,
            *(_text() if as_text else (_json,)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(config.level),
        logger_factory=structlog.BytesLoggerFactory(_STDERR),
    )


def logger() -> FilteringBoundLogger:
    """Give a logger that follows `configure`, whenever that is called."""
    log: FilteringBoundLogger = structlog.get_logger()
    return log


def _named(process: str) -> Processor:
    def add_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {
            "time": event.pop("time"),
            "level": event.pop("level"),
            "process": process,
            "event": event.pop("event"),
            **event,
        }

    return add_process


def _json(_logger: WrappedLogger, _method: str, event: EventDict) -> bytes:
    return _ENCODER.encode(event)


def _text() -> tuple[Processor, Processor]:
    renderer = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), timestamp_key="time", exception_formatter=structlog.dev.plain_traceback
    )

    def encode(_logger: WrappedLogger, _method: str, line: EventDict | str) -> bytes:
        return str(line).encode("utf-8", "backslashreplace")

    return renderer, encode
