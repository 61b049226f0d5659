"""Keeps the files of `[[outputs]]` true, each for itself: what is wrong with one is no matter of another.

What is confirmed no more goes with the labels, at the end of their lease, unless its format stays in place.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from xelinkd import logs
from xelinkd.model.episodes import Episode, follow
from xelinkd.model.observation import MAX_DETAIL_LENGTH
from xelinkd.outputs.format import MAX_SIZE, NotToldError
from xelinkd.outputs.formats import FORMATS
from xelinkd.sinks.output_file import ForeignError, OutputFile
from xelinkd.state import told
from xelinkd.telling import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xelinkd.config.schema import Config, Output
    from xelinkd.outputs.format import Snapshot
    from xelinkd.sinks.whole_file import Signature

log = logs.logger()


class TooLargeError(Exception):
    """An output is larger than any that a real machine makes."""


class SharedError(Exception):
    """The place of an output is somebody else's, too; the text says whose."""


class Outputs:
    """All outputs of a configuration."""

    def __init__(
        self, config: Config, former: Iterable[Output] = (), before: Iterable[told.Output] = ()
    ) -> None:
        """Go on from what an earlier writer told; once, try to remove what is configured no more."""
        earlier = {(state.format, state.file): state for state in before}
        self._keepers = [
            OutputKeeper(
                output, earlier.get((output.format, str(output.file))), partial(shared_with, output, config)
            )
            for output in config.outputs
        ]
        self._lease = config.target.lease
        self._end = 0.0  # boot time
        remove_outputs(former)

    def step(self, snapshot: Snapshot | None, at: float, held_until: float | None, now: float) -> bool:
        """Take in what was observed at a moment of boot time (None: nothing new), and set the files right.

        `held_until`: how long the labels hold; what an earlier writer wrote holds as long. False if a file
        could not be set right; the next step tries again.
        """
        if snapshot is not None:
            self._end = min(at, now) + self._lease  # never from a moment yet to come
            done = [keeper.show(snapshot, now) for keeper in self._keepers]
        elif now < max(self._end, held_until or 0.0):
            done = [keeper.go_on(now) for keeper in self._keepers]
        else:
            done = [keeper.lapse(now) for keeper in self._keepers]
        return all(done)

    @property
    def told(self) -> tuple[told.Output, ...]:
        """How they stand."""
        return tuple(keeper.told for keeper in self._keepers)


class OutputKeeper:
    """One output: what is to be in its file, and what is known of that."""

    def __init__(self, output: Output, before: told.Output | None, shared: Callable[[], str]) -> None:
        """Go on from what an earlier writer told of it; the first `step` looks at the file.

        `shared` says who else has its place now, if anybody does.
        """
        self._output = output
        self._shared = shared
        self._format = FORMATS[output.format]
        self._file = file_of(output)
        self._snapshot: Snapshot | None = None
        self._wanted: bytes | None = None  # None: nothing is known that could be written
        self._there = b""  # what the file last held of ours
        self._signature: Signature | None = None
        self._told = before or told.Output(output.format, str(output.file))
        self._episode = _episode_of(self._told.fault)
        with suppress(OSError):  # what is wrong with the folder, the first write will tell
            self._file.sweep()

    @property
    def told(self) -> told.Output:
        """How it stands."""
        return self._told

    def show(self, snapshot: Snapshot, now: float) -> bool:
        """Have in the file what a snapshot gives; False if that could not be. `now` is boot time."""
        return self._follow(lambda: self._set_right(snapshot, now), now)

    def go_on(self, now: float) -> bool:
        """Have in the file what was to be in it last, if that is known; as `show`."""
        return self.show(self._snapshot, now) if self._snapshot else True

    def lapse(self, now: float) -> bool:
        """Let go of what nothing confirms any more, unless the format stays; as `show`."""
        self._snapshot = None
        return True if self._format.STAYS else self._follow(self._let_go, now)

    def _set_right(self, snapshot: Snapshot, now: float) -> None:
        if snapshot != self._snapshot:
            self._snapshot, self._wanted = snapshot, None
        if self._wanted is None:
            self._wanted = self._rendered(snapshot)
        self._look()
        if self._there != self._wanted:
            self._signature = self._file.write(self._wanted)
            self._there = self._wanted
            self._told = replace(self._told, writes=self._told.writes + 1, written_at=now)
            log.info("output_written", file=self._output.file, format=self._output.format)

    def _rendered(self, snapshot: Snapshot) -> bytes:
        content = self._format.render(snapshot, self._output)
        if len(content) > MAX_SIZE:
            raise TooLargeError(f"it would take {len(content)} bytes, more than any machine: is it real?")
        return content

    def _look(self) -> None:
        """Read the file if it is not as we left it."""
        signature = self._file.signature()
        if signature is None or signature != self._signature:
            self._there = self._file.read()
            self._signature = signature

    def _let_go(self) -> None:
        self._wanted = None
        with suppress(ForeignError):  # which is none of our business then
            remove_output(self._output)
        self._there, self._signature = b"", None

    def _follow(self, act: Callable[[], None], now: float) -> bool:
        """Act, and tell the course of what keeps that from being done."""
        error = None
        try:
            if other := self._shared():
                raise SharedError(other)  # noqa: TRY301  told as all that keeps it from being done
            act()
        except (OSError, ForeignError, NotToldError, SharedError, TooLargeError) as caught:
            error = caught
        self._tell(error, now)
        return error is None

    def _tell(self, error: Exception | None, now: float) -> None:
        kind = None if error is None else type(error).__name__
        words = self._in_words(error)
        self._episode, news = follow(self._episode, kind, now)
        tell(
            log,
            news,
            {"file": self._output.file, "format": self._output.format},
            fault="output_failing",
            over="output_recovered",
            error=words,
        )
        fault = self._episode and told.Fault(words[:MAX_DETAIL_LENGTH], self._episode.since)
        self._told = replace(self._told, fault=fault, errors=self._told.errors + (error is not None))

    def _in_words(self, error: Exception | None) -> str:
        folder = self._output.file.parent
        if isinstance(error, FileNotFoundError) and not folder.exists():
            return f"there is no folder {folder}: make it, and let the user of xelinkd write there"
        return str(error)


def shared_with(output: Output, config: Config) -> str:
    """Say who else has an output's place, by way of symbolic links; nothing if it is its own.

    The first of several outputs has it. What a path says by itself is the configuration's to check.
    """
    folder, way = _real(output.file.parent), "by way of a symbolic link"
    for other in config.outputs[: config.outputs.index(output)]:
        if (_real(other.file.parent), other.file.name) == (folder, output.file.name):
            return f"{output.file} is {other.file}, {way}: give each output a file of its own"
    for features in (config.feature_file.path.parent, config.feature_file.staging):
        if _real(features) == folder:
            return f"{output.file} is in {features}, {way}: NFD reads all files there, choose another folder"
    return ""


def _real(folder: Path) -> Path:
    return Path(os.path.realpath(folder))


def _episode_of(fault: told.Fault | None) -> Episode | None:
    """Go on with a fault that an earlier writer told; of which kind it was is not known any more."""
    return Episode(frozenset(), fault.since, fault.since) if fault else None


def file_of(output: Output) -> OutputFile:
    """Give an output's file; it may have been one of another format."""
    return OutputFile(output.file, tuple(form.MARK for form in FORMATS.values()))


def remove_outputs(outputs: Iterable[Output]) -> bool:
    """Remove outputs that are there; False if one could not be."""
    done = [_is_removed(output) for output in outputs]
    return all(done)


def remove_output(output: Output) -> bool:
    """Remove an output, unless what is there is of a format that stays; tell whether it is.

    Raises:
        OSError: it could not be done.
        ForeignError: it is not ours.

    """
    file = file_of(output)
    content = file.read()
    if any(form.STAYS and content.startswith(form.MARK) for form in FORMATS.values()):
        return True
    if content:
        file.remove()
        log.info("output_removed", file=output.file, format=output.format)
    return False


def _is_removed(output: Output) -> bool:
    try:
        if remove_output(output):
            log.info("output_left", file=output.file, format=output.format)
    except (OSError, ForeignError) as error:
        log.warning("output_not_removed", file=output.file, format=output.format, error=str(error))
        return False
    return True
