"""Makes a process keep its promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xelinkd import logs
from xelinkd.confinement.landlock import EXECUTE, IOCTL_DEV, READ, WRITE, WRITE_FILE, available_abi, restrict
from xelinkd.confinement.privileges import keep_capabilities
from xelinkd.confinement.promises import footing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from xelinkd.confinement.promises import Promise

RENAMES_SINCE: Final = 2  # ABI; before, Landlock refuses every rename from folder to folder

_LACKING: Final = {
    1: "there is no Landlock: workers may read and write what their user may",
    RENAMES_SINCE: "the writer is not confined to its folders (Linux 5.19 can)",
    3: "files may be truncated (Linux 6.2 refuses that)",
    4: "workers may connect to any TCP port, and listen on any (Linux 6.7 refuses that)",
    5: "the fetcher may use devices that it can open (Linux 6.10 refuses that)",
    6: "workers may send signals to processes of their user (Linux 6.12 refuses that)",
}

log = logs.logger()


def lacking(abi: int) -> list[str]:
    """Say what a kernel with this Landlock ABI cannot hold of the promises."""
    return [sentence for since, sentence in _LACKING.items() if abi < since]


def tell_confinement() -> None:
    """Log what this kernel can hold of the workers' promises: once, for all of them."""
    abi = available_abi()
    log.info("confinement", landlock_abi=abi, lacking=lacking(abi))


def confine(promise: Promise) -> Callable[[], bool]:
    """Give up whatever was not promised, as far as this kernel can hold that, for good.

    To be called by a process without threads that has forgone new privileges. Gives a function that tells
    whether what the promise names has been replaced since: only a new process can have access to that.
    """
    _restrict(promise)
    keep_capabilities(promise.keeps)  # after the rules: they name folders that may take a capability to reach
    stood = footing(promise)  # last, and seen with the same eyes as later
    return lambda: footing(promise) != stood


def _restrict(promise: Promise) -> None:
    abi = available_abi()
    if abi < (RENAMES_SINCE if promise.writes else 1):
        return
    refused = EXECUTE | IOCTL_DEV | WRITE | (0 if promise.reads is None else READ)
    try:
        restrict(abi, refused, _allowed(promise), promise.connects_to, promise.listens_on)
    except OSError as error:  # a seccomp filter, or as many layers as the kernel has: labels matter more
        log.warning("confinement_failed", error=str(error))


def _allowed(promise: Promise) -> Iterator[tuple[Path, int]]:
    for path in promise.reads or ():
        yield path, READ
    for path in promise.writes:
        yield path, WRITE | READ
    for path in promise.uses:
        yield path, READ | WRITE_FILE | IOCTL_DEV
