"""The feature file's folder: there, and writable. Tried in the staging folder, where NFD does not look."""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xelinkd.cli.doctor.finding import broken, well
from xelinkd.model.feature_file import MAX_SIZE
from xelinkd.sinks.feature_file import NEW

if TYPE_CHECKING:
    from pathlib import Path

    from xelinkd.cli.doctor.finding import Finding
    from xelinkd.config.sinks import FeatureFile

STEP: Final = "folder"
_USE: Final = os.W_OK | os.X_OK


def look_at_folder(file: FeatureFile) -> Finding:
    """Look at the folder, and write to the staging folder if that is there already."""
    try:
        return _look(file)
    except OSError as error:
        return _not_writable(file.path.parent, error.strerror or str(error))


def _look(file: FeatureFile) -> Finding:
    folder, staging = file.path.parent, file.staging
    if not folder.is_dir():
        advice = "make it, or set feature_file.path: Node Feature Discovery makes it on nodes where it runs"
        return broken(STEP, f"{folder}: there is no such folder", advice)
    if not os.access(folder, _USE):
        return _not_writable(folder, "no permission, or a read-only file system")
    there = staging if os.path.lexists(staging) else staging.parent
    if not there.is_dir() or not os.access(there, _USE):
        return _not_writable(there, "no such folder, or no permission")
    if there.stat().st_dev != folder.stat().st_dev:
        advice = "set feature_file.staging_dir to a folder on the feature file's own file system"
        return broken(STEP, f"{staging} is on another file system than {folder}: no rename reaches", advice)
    return _tried(file) if there == staging else well(STEP, f"{folder}, writable")


def _tried(file: FeatureFile) -> Finding:
    """Write as much as a feature file may hold; the daemon sweeps away what a killed doctor leaves."""
    trial = file.staging / f"{file.path.name}.doctor-{os.getpid()}{NEW}"
    try:
        _write(trial)
    except OSError as error:
        return _not_writable(file.staging, error.strerror or str(error))
    finally:
        with suppress(OSError):
            trial.unlink(missing_ok=True)
    return well(STEP, f"{file.path.parent}, writable; tried in {file.staging}")


def _write(trial: Path) -> None:
    descriptor = os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(bytes(MAX_SIZE))
        file.flush()
        os.fsync(descriptor)


def _not_writable(folder: Path, why: str) -> Finding:
    advice = f"let the user of xelinkd write there (the doctor runs as {_user()}); look at space and quota"
    return broken(STEP, f"{folder} cannot be written to: {why}", advice)


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"
