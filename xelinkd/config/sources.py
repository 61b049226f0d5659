"""The kinds of sources: what each is called, what it asks, what it uses of the node; and their section.

A new one is a module `xelinkd.sources.NAME`, in which a function of the same name makes the source from its
settings, and a line here. Its key, its documentation, its checks and what its worker may do follow from that.
"""

# No `from __future__ import annotations`: msgspec reads the annotations when the program runs.
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct

from xelinkd.config.credentials import credential_path
from xelinkd.config.duration import Duration
from xelinkd.config.rules import (
    ABSOLUTE_OR_EMPTY,
    FINGERPRINT,
    HTTP_URL,
    LONGEST_WAIT,
    PASSWORD_FILE,
    USER_NAME,
    duration,
    one_of,
    whole_number,
)

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

if TYPE_CHECKING:
    KindName = str
else:
    KindName = Literal[tuple(KINDS)]


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the topology comes from."""

    kind: Annotated[
        KindName,
        Meta(description="; ".join(f"{name}: {kind.about}" for name, kind in KINDS.items())),
        one_of(KindName),
    ] = "metrics"
    url: Annotated[str, Meta(description="XPU Manager's metrics page"), HTTP_URL] = (
        "http://127.0.0.1:29999/metrics"
    )
    rest_url: Annotated[str, Meta(description="XPU Manager's topology over REST"), HTTP_URL] = (
        "https://127.0.0.1:30000/rest/v1/topology/xelink"
    )
    interval: Annotated[
        Duration, Meta(description="Time from one fetch to the next"), duration("100ms", LONGEST_WAIT)
    ] = Duration.parse("10s")
    deadline: Annotated[
        Duration, Meta(description="Time for one whole fetch"), duration("1ms", LONGEST_WAIT)
    ] = Duration.parse("5s")
    startup_delay: Annotated[
        Duration, Meta(description="Wait before the first fetch"), duration("0s", LONGEST_WAIT)
    ] = Duration.parse("10s")
    ca_file: Annotated[
        str,
        Meta(description="PEM file: trust exactly these certificates; empty trusts the system's"),
        ABSOLUTE_OR_EMPTY,
    ] = ""
    pin_file: Annotated[
        str,
        Meta(
            description="PEM file: trust exactly the server with this certificate, whatever name it carries"
        ),
        ABSOLUTE_OR_EMPTY,
    ] = ""
    fingerprint: Annotated[
        str,
        Meta(description="The same by the certificate's SHA-256, as `xelinkd trust` shows it"),
        FINGERPRINT,
    ] = ""
    user: Annotated[
        str, Meta(description="User for basic authentication, over https only; empty sends none"), USER_NAME
    ] = ""
    password_file: Annotated[
        str, Meta(description="File whose first line is the user's password"), PASSWORD_FILE
    ] = ""
    max_page_mib: Annotated[
        int, Meta(description="Largest page that is read"), whole_number("MiB", 1, 1024)
    ] = 16
    incomplete_fetches: Annotated[
        int,
        Meta(description="An incomplete page is believed once it has come this often in a row"),
        whole_number("fetches", 1),
    ] = 6

    @property
    def urls(self) -> tuple[str, ...]:
        """All that may be asked, the preferred one first."""
        return tuple(getattr(self, key) for key in self.uses.addresses)

    @property
    def uses(self) -> Kind:
        """What this kind of source asks, and what it uses of the node."""
        return KINDS[self.kind]

    @property
    def name(self) -> str:
        """Who is asked first."""
        return next(iter(self.urls), self.kind)

    @property
    def password_path(self) -> Path | None:
        """The password file, with systemd's directory of credentials filled in."""
        return credential_path(self.password_file)
