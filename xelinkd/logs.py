"""Logs: one event is one line is one write to standard error; JSON for machines, text for a terminal.

Where standard error is systemd's journal, an event is an entry with fields there instead.

Every event has a stable name and fields, listed in docs/logging.md.
"""

from __future__ import annotations

import io
import json
import logging
import mmap
import os
import select
import socket
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from xelinkd import journal
from xelinkd.deferred import defer, without

# structlog imports asyncio for loggers that nobody here uses: 2 MB and a tenth of the start.
defer("asyncio")
if sys.version_info >= (3, 12):
    logging.logAsyncioTasks = False  # or each record would ask asyncio for its task

with without("rich"):  # for tracebacks that nobody here prints: 3 MB and 50 ms, where it is installed
    import structlog

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer
    from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

    from xelinkd.config.schema import Log


# How long a line waits for who reads it, in all; counted, for a clock may be what has failed.
WAITS: Final = 10
WAIT_MS: Final = 10

# Whether the last line was cut, of whichever process: the next one begins on a line of its own.
_IS_CUT: Final = mmap.mmap(-1, 1)


class _StandardError(io.FileIO):
    """Unbuffered: a line of up to a page (4 KiB) goes out whole; and a log that is lost costs no label."""

    _socket: socket.socket | None = None

    def write(self, line: Buffer, /) -> int:
        """Write a line; where that fails (nobody empties the pipe, the disk is full), go on without it."""
        content = memoryview(b"\n" + bytes(line) if _IS_CUT[0] else bytes(line))
        rest, waits = content, WAITS
        try:
            while rest and waits:
                if not self._has_room(within_ms=0):
                    waits -= 1
                    if not self._has_room(within_ms=WAIT_MS):
                        continue
                taken = self._take(rest)
                if not taken:  # a terminal may have room and take nothing
                    break
                rest = rest[taken:]
        except OSError:
            return 0
        finally:
            if len(rest) < len(content):
                _IS_CUT[0] = len(rest) > 0
        return len(content) - len(rest)

    def never_wait(self) -> None:
        """Have writes take what there is room for: POLLOUT promises a page, and a line may be longer.

        By an open file of our own: the other one's flags hold for everybody who has it, as our shell does.
        Where none is to be had (no /proc, another user's terminal), long lines may wait as they did.
        """
        with suppress(OSError):
            mode = os.fstat(self.fileno()).st_mode
            if stat.S_ISSOCK(mode):
                self._socket = self._socket or socket.socket(fileno=self.fileno())
            elif stat.S_ISFIFO(mode) or self.isatty():
                ours = os.open(f"/proc/self/fd/{self.fileno()}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
                os.dup2(ours, self.fileno())
                os.close(ours)

    def _has_room(self, *, within_ms: int) -> bool:
        """Wait a moment for a reader who lags; one who never comes must not stop the labels."""
        waiting = select.poll()
        waiting.register(self, select.POLLOUT)
        return bool(waiting.poll(within_ms))

    def _take(self, line: memoryview) -> int | None:
        if self._socket:
            return self._socket.send(line, socket.MSG_DONTWAIT)
        return super().write(line)


_STDERR: Final = _StandardError(2, "w", closefd=False)

_process = "xelinkd"

_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)


def keep_nobody_waiting() -> None:
    """See to it, for this process and those forked from it, that no log line waits for who reads it."""
    _STDERR.never_wait()


def configure(config: Log, process: str) -> None:
    """Set up logging for this process, which is named in each of its lines, and for those forked from it."""
    name_process(process)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _named,
            structlog.processors.format_exc_info,
            *_RENDERERS[_format(config)](),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(config.level),
        logger_factory=structlog.BytesLoggerFactory(_STDERR),
    )


def _format(config: Log) -> str:
    if config.format != "auto":
        return config.format
    if journal.is_behind(_STDERR.fileno()):
        return "journal"
    return "text" if _STDERR.isatty() else "json"


def logger() -> FilteringBoundLogger:
    """Give a logger that follows `configure`, whenever that is called."""
    log: FilteringBoundLogger = structlog.get_logger()
    return log


def name_process(name: str) -> None:
    """Have this process named so from now on: all that a worker changes, which shares the rest."""
    global _process  # noqa: PLW0603  a process has one name
    _process = name


def _named(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {
        "time": event.pop("time"),
        "level": event.pop("level"),
        "process": _process,
        "event": event.pop("event"),
        **event,
    }


def _journal() -> tuple[Processor, ...]:
    return _to_journal, _json


def _to_journal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Send it to the journal; where that fails, go on to standard error."""
    try:
        journal.send(journal.entry(event))
    except OSError:
        return event
    raise structlog.DropEvent


def _json(_logger: WrappedLogger, _method: str, event: EventDict) -> bytes:
    try:
        return _ENCODER.encode(event)
    except UnicodeEncodeError:  # a path whose bytes are not UTF-8: these show as "?"
        return json.dumps(event, default=str, ensure_ascii=False).encode("utf-8", "replace")


def _text() -> tuple[Processor, ...]:
    renderer = structlog.dev.ConsoleRenderer(
        colors=_STDERR.isatty() and not os.environ.get("NO_COLOR"),  # https://no-color.org
        timestamp_key="time",
        sort_keys=False,  # as they are in JSON: first the process
        exception_formatter=structlog.dev.plain_traceback,
    )

    def as_words(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {key: str(value) if isinstance(value, Path) else value for key, value in event.items()}

    def encode(_logger: WrappedLogger, _method: str, line: EventDict | str) -> bytes:
        return str(line).encode("utf-8", "backslashreplace")

    return as_words, renderer, encode


_RENDERERS: Final = {"json": lambda: (_json,), "text": _text, "journal": _journal}
