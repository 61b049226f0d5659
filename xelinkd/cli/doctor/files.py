"""The files that the configuration names: whether they can be read, and are what they should be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from xelinkd.cli.doctor.finding import broken, well
from xelinkd.config.small_file import SecretError, UnfitFileError, read_secret, read_small_file
from xelinkd.net.pin import CaFileError, Pin
from xelinkd.net.trust import trust, trust_pinned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xelinkd.cli.doctor.finding import Finding
    from xelinkd.config.schema import Config

STEP: Final = "files"


def look_at_files(config: Config) -> Finding:
    """Read each of them."""
    named = [(key, path, read) for key, path, read in _named(config) if path]
    faults = [fault for key, path, read in named if (fault := _fault(key, path, read))]
    if faults:
        advice = "put the files in place, readable by the user that xelinkd runs as"
        return broken(STEP, "; ".join(faults), advice)
    keys = ", ".join(key for key, _, _ in named)
    return well(STEP, f"readable: {keys}" if keys else "the configuration names none")


def _named(config: Config) -> Iterator[tuple[str, Path | str | None, Callable[[Path | str], object]]]:
    """Name each file, and how it is read."""
    source, status = config.source, config.status
    yield "source.ca_file", source.ca_file, _certificates
    yield "source.pin_file", source.pin_file, _pinned
    yield "source.password_file", source.password_path, _secret
    yield "status.token_file", status.token_path, _secret
    yield "status.cert_file", status.cert_file, _certificates
    yield "status.key_file", status.key_path, _content
    yield "status.client_ca_file", status.client_ca_file, _certificates


def _certificates(path: Path | str) -> object:
    return trust(str(path))


def _pinned(path: Path | str) -> object:
    return trust_pinned(Pin(str(path)))


def _secret(path: Path | str) -> object:
    return read_secret(Path(path))


def _content(path: Path | str) -> object:
    return read_small_file(Path(path))


def _fault(key: str, path: Path | str, read: Callable[[Path | str], object]) -> str | None:
    try:
        read(path)
    except (CaFileError, SecretError) as error:  # they name the file
        return f"{key}: {error}"
    except OSError as error:
        return f"{key}: {path}: {error.strerror}"
    except UnfitFileError as error:
        return f"{key}: {path} {error}"
    return None
