"""The feature file: whose it is, whether its labels hold, and whether Node Feature Discovery takes it."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

from xelinkd.cli.doctor.finding import broken, not_looked_at, note, well
from xelinkd.config.sinks import FeatureFile
from xelinkd.model.feature_file import MAX_SIZE, time_stamp
from xelinkd.model.labels import LABEL_NAME, pairs_of, summary_of
from xelinkd.model.words import count, listed
from xelinkd.sinks.feature_file import FeatureFileSink
from xelinkd.sinks.sink import Absent, Foreign

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xelinkd.cli.doctor.finding import Finding
    from xelinkd.sinks.sink import Ours

STEPS: Final = ("file", "nfd")
DEFAULT_FEATURES: Final = FeatureFile().path.parent  # where Node Feature Discovery looks
_YEAR_1: Final = -62_135_596_800  # Unix time
_YEAR_9999: Final = 253_402_300_799
_OTHERS: Final = stat.S_IROTH | stat.S_IXOTH


def look_at_file(file: FeatureFile, namespace: str, now: float, *, labels_held: bool) -> Iterator[Finding]:
    """Look at the file, and at it with the eyes of Node Feature Discovery; `now` is Unix time."""
    try:
        found = FeatureFileSink(file.path, file.staging).read()
    except OSError as error:
        advice = "let the user that xelinkd runs as read and write it"
        yield broken("file", f"{file.path} cannot be read: {error.strerror}", advice)
        yield from not_looked_at(STEPS[1:], "the file cannot be read")
        return
    if isinstance(found, Absent):
        yield _absent(file.path, labels_held=labels_held)
        yield from not_looked_at(STEPS[1:], "there is no file")
    elif isinstance(found, Foreign):
        advice = "find out whose it is, or set another feature_file.path; xelinkd moves it aside"
        yield note("file", f"{file.path} is not ours: {found.what}", advice)
        yield from not_looked_at(STEPS[1:], "the file is not ours")
    else:
        yield _ours(file.path, found, now)
        yield _nfd(file.path, found, namespace)


def _absent(path: Path, *, labels_held: bool) -> Finding:
    if labels_held:
        advice = "see the step ready: the running xelinkd knows why it cannot write"
        return broken("file", f"{path} is not there, though labels are held", advice)
    return well("file", f"{path} is not there: it comes with the first topology")


def _ours(path: Path, found: Ours, now: float) -> Finding:
    links, expiry = count(len(pairs_of(found.file.lines)), "link"), found.file.expiry
    if expiry is None:
        advice = "stop the old program if it still runs; xelinkd takes the file over as it is"
        return note("file", f"{path} is of Intel's sidecar: {links}, without an end", advice)
    if expiry <= now:
        advice = "mend what is broken above, and start xelinkd: nothing confirmed them for a whole lease"
        return broken("file", f"{path}: its labels ended {stamp_of(expiry)}", advice)
    return well("file", f"{path}: {links}, until {stamp_of(expiry)}")


def stamp_of(expiry: float) -> str:
    """Give the end of the labels, which others may have written beyond the years that have four digits."""
    return time_stamp(min(max(expiry, _YEAR_1), _YEAR_9999))


def _nfd(path: Path, found: Ours, namespace: str) -> Finding:
    """Hold it against the rules of Node Feature Discovery 0.19; ours has the right labels and size."""
    if not found.usable:
        advice = f"chmod 644 {path}: nfd-worker is another user (a running xelinkd does that itself)"
        return broken("nfd", "the file's mode is not 0644", advice)
    if rivals := [rival.name for rival in _rivals(path, _names(found.file.lines, namespace))]:
        advice = "remove them: of labels in several files, Node Feature Discovery takes the later file's"
        return broken("nfd", f"other files set {namespace}/{LABEL_NAME}, too: {listed(rivals, 4)}", advice)
    if stat.S_IMODE(path.parent.stat().st_mode) & _OTHERS != _OTHERS:
        advice = f"chmod o+rx {path.parent}, unless nfd-worker runs as its owner"
        return note("nfd", "the folder is closed to other users, and nfd-worker is one", advice)
    if path.parent != DEFAULT_FEATURES:
        advice = f"make sure that this is what nfd-worker sees as {DEFAULT_FEATURES}"
        return note("nfd", f"{path.parent} is not where Node Feature Discovery looks by itself", advice)
    return well("nfd", "size, mode, name and labels are as Node Feature Discovery takes them")


def _names(lines: tuple[str, ...], namespace: str) -> tuple[bytes, ...]:
    """Give the names that our labels have, or begin with."""
    names = (LABEL_NAME, *(label.partition("=")[0] for label in summary_of(lines)))
    return tuple(f"{namespace}/{name}".encode() for name in names)


def _rivals(path: Path, names: tuple[bytes, ...]) -> Iterator[Path]:
    """Find other files with labels of the same names."""
    try:
        others = sorted(path.parent.iterdir())
    except OSError:  # closed to us
        return
    for other in others:
        if other != path and not other.name.startswith(".") and _sets(other, names):
            yield other


def _sets(other: Path, names: tuple[bytes, ...]) -> bool:
    try:
        found = other.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_SIZE:
            return False
        return any(line.strip().startswith(names) for line in other.read_bytes().splitlines())
    except OSError:  # gone, or not ours to read
        return False
