"""Standard output as it is: a terminal with colours, a plain one, a pipe; and whether anybody reads it."""

from __future__ import annotations

import os
import select
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from xelinkd.cli.usage import OutputError
from xelinkd.views.terminal.look import Look

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xelinkd.views.terminal.look import Part


def look_of(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> Look:
    """Tell what can be shown there: colours on a terminal that is not dumb, unless NO_COLOR is set."""
    if stream is None:  # it was closed before we began
        return Look()
    wanted = not environment.get("NO_COLOR") and environment.get("TERM", "dumb") != "dumb"
    encoding = (stream.encoding or "").lower().replace("-", "")
    return Look(colours=wanted and stream.isatty(), signs=encoding == "utf8")


def say(lines: Iterable[Sequence[Part]]) -> None:
    """Print lines at once, as standard output can show them.

    Raises:
        OutputError: it cannot be written to.

    """
    say_text(look_of(sys.stdout).text(lines))


def say_text(text: str) -> None:
    """Print a text as it is, at once.

    Raises:
        OutputError: it cannot be written to.

    """
    with _writing():
        print(text, end="", flush=True)


def say_bytes(content: bytes) -> None:
    """Print what is UTF-8 already at once, whatever the terminal's encoding.

    Raises:
        OutputError: it cannot be written to.

    """
    if sys.stdout is not None:
        with _writing():
            sys.stdout.buffer.write(content)
            sys.stdout.flush()


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # its reader has seen enough, which is no fault
        raise
    except OSError as error:
        raise OutputError from error


def wait_for_readers_end(seconds: float) -> bool:
    """Wait for so long; True at once if nobody reads our output any more."""
    waiting = select.poll()
    if sys.stdout is not None:
        waiting.register(sys.stdout, 0)  # POLLERR and POLLHUP come unasked
    return bool(waiting.poll(seconds * 1000))
