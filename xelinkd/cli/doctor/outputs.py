"""The files of `[[outputs]]`: their folders, whose they are, and what the running xelinkd tells of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from xelinkd.cli.doctor.finding import broken, well
from xelinkd.sinks.output_file import ForeignError
from xelinkd.workers.outputs import file_of, shared_with

if TYPE_CHECKING:
    from xelinkd.cli.doctor.finding import Finding
    from xelinkd.config.schema import Config, Output
    from xelinkd.views.documents import status_document

    _Fault = tuple[str, str]

STEP: Final = "outputs"
_USE: Final = os.W_OK | os.X_OK


def look_at_outputs(config: Config, told: tuple[status_document.Output, ...]) -> Finding:
    """Look at each of them; `told` is what the running xelinkd tells, if it could be asked."""
    of_the_service = {(one.format, one.file): one for one in told}
    pairs = [(output, of_the_service.get((output.format, str(output.file)))) for output in config.outputs]
    faults = [
        fault
        for output, one in pairs
        if (fault := _of_place(output, config) or _of_file(output) or _told(one))
    ]
    if faults:
        return broken(STEP, "; ".join(what for what, _ in faults), faults[0][1])
    return well(STEP, "; ".join(_standing(*pair) for pair in pairs) or "none are configured")


# What is wrong, and what to do.


def _of_place(output: Output, config: Config) -> _Fault | None:
    folder = output.file.parent
    if other := shared_with(output, config):
        return other, "set another file, or remove the link"
    if not folder.is_dir():
        return f"there is no folder {folder}", "make it, and let the user of xelinkd write there"
    if not os.access(folder, _USE):
        why = f"{folder} cannot be written to: no permission, or a read-only file system"
        return why, "let the user of xelinkd write there"
    return None


def _of_file(output: Output) -> _Fault | None:
    try:
        file_of(output).read()
    except ForeignError as error:
        return str(error), "find out whose it is; xelinkd leaves it as it is"
    except OSError as error:
        why = f"{output.file} cannot be read: {error.strerror}"
        return why, "let the user that xelinkd runs as read and write it"
    return None


def _told(one: status_document.Output | None) -> _Fault | None:
    if one is None or one.error is None:
        return None
    why = f"{one.file}: the running xelinkd says since {one.failing_since}: {one.error}"
    return why, "put right what it says; it tries again after every fetch"


def _standing(output: Output, told: status_document.Output | None) -> str:
    named = f"{output.file} ({output.format})"
    if told and told.written_at:
        return f"{named}, last written {told.written_at}"
    return f"{named}, {'is there' if output.file.exists() else 'comes with the first topology'}"
