"""Reads the configuration's files. What they mean is decided in `decode`."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.config.decode import decode
from xelinkd.config.problems import ConfigError, Problem, UnreadableError
from xelinkd.config.schema import referenced_files
from xelinkd.config.small_file import UnfitFileError, read_small_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xelinkd.config.overrides import AnyOverride
    from xelinkd.config.schema import Config


MAX_CONFIG_SIZE: Final = 64 * 1024  # bytes; the shipped file takes 7 kB, and a large one much memory to read
_KEY: Final = os.urandom(32)
_NEVER_READ: Final = b""  # the fingerprint of a file that is there and could not be read yet


class Loaded(Struct, frozen=True):
    """A configuration as read from disk.

    `origins` tells for each key path where its value came from; `path` is the file, there or not;
    `fingerprints` tell for each file that the configuration points to whether its content is another;
    `is_whole`: all of them that are there could be read.
    """

    config: Config
    origins: Mapping[str, str]
    path: Path
    fingerprints: Mapping[Path, bytes]
    is_there: bool = True
    is_whole: bool = True

    def asks_for_the_same(self, other: Loaded) -> bool:
        """Tell whether both ask for the same work, wherever the values came from."""
        return (self.config, self.path, self.fingerprints) == (other.config, other.path, other.fingerprints)


def load_again(before: Loaded, overrides: Sequence[AnyOverride] = ()) -> Loaded:
    """Read the configuration while another is in force: a file that was there and is not changes nothing.

    An empty file is refused: it is what a full disk leaves. Raises ConfigError with all problems at once, and
    of these UnreadableError if it was not read.
    """
    path = before.path
    data = _read_config(path, required=before.is_there)
    if data == b"":
        raise ConfigError([Problem(str(path), "", "is empty; for the defaults, leave a comment in it")])
    return _loaded(data, path, overrides, before.fingerprints)


def load(path: Path, overrides: Sequence[AnyOverride] = (), *, required: bool) -> Loaded:
    """Read the configuration; a file that is missing and not required means the defaults.

    Raises ConfigError with all problems at once.
    """
    return _loaded(_read_config(path, required=required), path, overrides, {})


def _loaded(
    data: bytes | None, path: Path, overrides: Sequence[AnyOverride], former: Mapping[Path, bytes]
) -> Loaded:
    """Put together what was read; a file that cannot be read just now is taken for what it was."""
    decoded = decode(data or b"", overrides, where=str(path))
    found = {file: _fingerprint(file) for file in referenced_files(decoded.config)}
    fingerprints = {file: found[file] or former.get(file, _NEVER_READ) for file in found}
    is_whole = all(found.values())
    return Loaded(decoded.config, decoded.origins, path, fingerprints, data is not None, is_whole)


def _read_config(path: Path, *, required: bool) -> bytes | None:
    try:
        return read_small_file(path, MAX_CONFIG_SIZE)
    except FileNotFoundError:
        if not required:
            return None
        message = "there is no such file; create it, or name another one"
    except OSError as error:
        message = f"cannot be read: {error.strerror}; it must be a regular file that xelinkd may read"
        raise UnreadableError([Problem(str(path), "", message)]) from error
    except UnfitFileError as error:
        message = str(error)
    raise ConfigError([Problem(str(path), "", message)])


def _fingerprint(path: Path) -> bytes | None:
    """Tell content from other content and from none; what it should be is its user's to judge.

    None: it is there and cannot be read, which may pass.
    """
    try:
        return _digest(b"content" + read_small_file(path))
    except (FileNotFoundError, UnfitFileError) as error:
        return _digest(type(error).__name__.encode())
    except OSError:
        return None


def _digest(content: bytes) -> bytes:
    """Say nothing about the content, which may be a password, to who sees this in memory."""
    return hashlib.blake2b(content, key=_KEY, digest_size=16).digest()
