"""Reads the configuration's files. What they mean is decided in `decode`."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from xelinkd.config.decode import decode
from xelinkd.config.problems import ConfigError, Problem
from xelinkd.config.schema import referenced_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from xelinkd.config.overrides import AnyOverride
    from xelinkd.config.schema import Config

MAX_FILE: Final = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration as read from disk. Two that are equal ask for the same work.

    `origins` tells for each key path where its value came from; `path` is the file, there or not; `digest` is
    a fingerprint of the contents of the files that the configuration points to.
    """

    config: Config
    origins: Mapping[str, str] = field(compare=False)
    path: Path
    digest: str
    is_there: bool = field(default=True, compare=False)


def load_again(before: Loaded, overrides: Sequence[AnyOverride] = ()) -> Loaded:
    """Read the configuration while another is in force: a file that was there and is not changes nothing.

    An empty file is refused: it is what a full disk leaves. Raises ConfigError with all problems at once.
    """
    path = before.path
    data = _read_config(path, required=before.is_there)
    if data == b"":
        raise ConfigError([Problem(str(path), "", "is empty; for the defaults, leave a comment in it")])
    return _loaded(data, path, overrides)


def load(path: Path, overrides: Sequence[AnyOverride] = (), *, required: bool) -> Loaded:
    """Read the configuration; a file that is missing and not required means the defaults.

    Raises ConfigError with all problems at once.
    """
    return _loaded(_read_config(path, required=required), path, overrides)


def _loaded(data: bytes | None, path: Path, overrides: Sequence[AnyOverride]) -> Loaded:
    decoded = decode(data or b"", overrides, where=str(path))
    return Loaded(
        decoded.config, decoded.origins, path, _digest(referenced_files(decoded.config)), data is not None
    )


def _read_config(path: Path, *, required: bool) -> bytes | None:
    try:
        return _read_small_file(path)
    except FileNotFoundError:
        if not required:
            return None
        message = "there is no such file; create it, or name another one"
    except OSError as error:
        message = f"cannot be read: {error.strerror}; it must be a regular file that xelinkd may read"
    except _UnfitFileError as error:
        message = str(error)
    raise ConfigError([Problem(str(path), "", message)])


class _UnfitFileError(Exception):
    """The file is there, but not one we read whole; the text says what it is and what to do."""


def _read_small_file(path: Path) -> bytes:
    """Read a regular file of at most MAX_FILE bytes. Raises OSError or _UnfitFileError."""
    with open(path, "rb", opener=_open_at_once) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            kind = "a FIFO" if stat.S_ISFIFO(mode) else "a device"
            raise _UnfitFileError(f"is {kind}; name a regular file")
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise _UnfitFileError(f"is larger than {MAX_FILE} bytes; a configuration is a small text file")
    return data


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting: for a FIFO's writer, that would be for ever."""
    return os.open(path, flags | os.O_NONBLOCK)


def _digest(paths: Iterable[Path]) -> str:
    """Take a fingerprint of files that may come and go; what they should hold is their user's to judge."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(_fingerprint(path))
    return whole.hexdigest()


def _fingerprint(path: Path) -> bytes:
    """Tell content from other content and from none; of one length, so that they can be joined."""
    try:
        return hashlib.sha256(b"content" + _read_small_file(path)).digest()
    except (OSError, _UnfitFileError) as error:
        return hashlib.sha256(type(error).__name__.encode()).digest()
