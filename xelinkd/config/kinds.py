"""The kinds of sources: what each is called, what it asks, and what it uses of the node.

A new one is a module `xelinkd.sources.NAME`, in which a function of the same name makes the source from its
settings, and a line here. Its key, its documentation, its checks and what its worker may do follow from that.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

AUTO: Final = "auto"


class Kind(Struct, frozen=True):
    """A kind of source, in words; the keys of the addresses that it asks over HTTP, the preferred one first.

    `devices`: the folders whose device nodes it uses. `reads`: what it reads besides, files or folders.
    `tells_cards`: it always tells how Linux knows each GPU, which some outputs take.
    """

    about: str
    addresses: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    tells_cards: bool = False


# What a driver for GPUs loads and looks at: libraries, the kernel's view of the hardware, itself.
_OF_A_DRIVER: Final = ("/sys", "/proc", "/usr", "/opt")

KINDS: Final[dict[str, Kind]] = {
    "metrics": Kind("XPU Manager's page", addresses=("url",), tells_cards=True),
    "rest": Kind("its REST server", addresses=("rest_url",)),
    "level-zero": Kind(
        "the GPUs' ports without it", devices=("/dev/dri",), reads=_OF_A_DRIVER, tells_cards=True
    ),
}

CHOICE: Final = ("rest", "metrics", "level-zero")
"""Among what `auto` chooses: the best first."""

KINDS[AUTO] = Kind(
    "the best of these that answers",
    addresses=tuple(key for name in CHOICE for key in KINDS[name].addresses),
    devices=tuple(folder for name in CHOICE for folder in KINDS[name].devices),
    reads=tuple(path for name in CHOICE for path in KINDS[name].reads),
)
