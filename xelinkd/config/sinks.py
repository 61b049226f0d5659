"""The kinds of sinks: what each is called, in a few words what it is, and its section of the configuration.

A new one is a module `xelinkd.sinks.NAME`, in which a function of the same name makes the sink from its
settings, and a line and a section here. The section has the kind's name.
"""

# No `from __future__ import annotations`: msgspec reads the annotations when the program runs.
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, Protocol

from msgspec import Meta, Struct

from xelinkd.config.duration import Duration
from xelinkd.config.rules import (
    ABSOLUTE_OR_EMPTY,
    FEATURE_FILE_PATH,
    FOLDER,
    HTTPS_SERVER,
    NAMESPACE,
    NODE,
    OBJECT,
    duration,
    one_of,
)

FEATURE_FILE: Final = "feature-file"
NODE_FEATURE: Final = "node-feature"

KINDS: Final[dict[str, str]] = {
    FEATURE_FILE: "a file on the node that nfd-worker reads",
    NODE_FEATURE: "an object in the cluster that nfd-master reads",
}

if TYPE_CHECKING:
    KindName = str
else:
    KindName = Literal[tuple(KINDS)]
ExitPolicy = Literal["keep", "remove"]
WhenLocked = Literal["exit", "wait"]

DAEMONSET_VARIABLE: Final = "XELINKD_DAEMONSET"
STAGING_NAME: Final = ".xelinkd"  # hidden, so that Node Feature Discovery passes it over


def section_of(kind: str) -> str:
    """Name the section that has the settings of a kind; its module and its maker are called the same."""
    return kind.replace("-", "_")


class Sink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the labels go; the section of that name has the rest."""

    kind: Annotated[
        KindName,
        Meta(description="; ".join(f"{name}: {about}" for name, about in KINDS.items())),
        one_of(KindName),
    ] = FEATURE_FILE


# What the section of every sink has.
Lease = Annotated[
    Duration, Meta(description="How long labels hold after the last good fetch"), duration("1s", "366d")
]
OnExit = Annotated[
    ExitPolicy, Meta(description="What becomes of the labels when xelinkd stops"), one_of(ExitPolicy)
]


class SinkSettings(Protocol):
    """What the settings of every sink have."""

    kind: ClassVar[str]

    @property
    def lease(self) -> Duration:
        """How long labels hold."""

    @property
    def on_exit(self) -> ExitPolicy:
        """What becomes of them at the end."""

    @property
    def place(self) -> str:
        """Where they are: another place is another text."""

    @property
    def files(self) -> tuple[Path, ...]:
        """What is written to, on this node."""

    @property
    def reads(self) -> tuple[Path, ...]:
        """What it takes in for its work."""

    @property
    def url(self) -> str | None:
        """Who is asked over https; None: nobody."""


class FeatureFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file that Node Feature Discovery reads, and how long its labels hold ("feature-file")."""

    kind: ClassVar[str] = FEATURE_FILE
    reads: ClassVar[tuple[Path, ...]] = ()
    url: ClassVar[str | None] = None

    path: Annotated[Path, Meta(description="The feature file"), FEATURE_FILE_PATH] = Path(
        "/etc/kubernetes/node-feature-discovery/features.d/xpum-sidecar-labels.txt"
    )
    staging_dir: Annotated[
        str,
        Meta(
            description="Where new content is made, on the same file system;"
            f" empty is {STAGING_NAME} beside the feature file"
        ),
        ABSOLUTE_OR_EMPTY,
    ] = ""
    lease: Lease = Duration.parse("24h")
    on_exit: OnExit = "keep"
    when_locked: Annotated[
        WhenLocked,
        Meta(description="What to do while another xelinkd keeps this file, after 2 s"),
        one_of(WhenLocked),
    ] = "exit"

    @property
    def staging(self) -> Path:
        """The directory in which new content is made."""
        return Path(self.staging_dir) if self.staging_dir else self.path.parent / STAGING_NAME

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def files(self) -> tuple[Path, ...]:
        """The feature file, and something in the staging directory."""
        return self.path, self.staging / self.path.name


class NodeFeature(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The object that Node Feature Discovery reads, and how long its labels hold ("node-feature")."""

    kind: ClassVar[str] = NODE_FEATURE
    files: ClassVar[tuple[Path, ...]] = ()

    node: Annotated[
        str, Meta(description="The node's name in the cluster; empty: NODE_NAME of the environment"), NODE
    ] = ""
    namespace: Annotated[
        str, Meta(description="Namespace of the object; empty: the pod's own"), NAMESPACE
    ] = ""
    daemonset: Annotated[
        str,
        Meta(
            description="DaemonSet there that the object goes with;"
            f" empty: {DAEMONSET_VARIABLE} of the environment, or none"
        ),
        OBJECT,
    ] = ""
    server: Annotated[
        str,
        Meta(description="The API server; empty: KUBERNETES_SERVICE_HOST and its port of the environment"),
        HTTPS_SERVER,
    ] = ""
    credentials_dir: Annotated[
        Path, Meta(description="Folder with token, ca.crt and namespace, which may be renewed"), FOLDER
    ] = Path("/var/run/secrets/kubernetes.io/serviceaccount")
    deadline: Annotated[Duration, Meta(description="Time for one whole request"), duration("1ms", "1h")] = (
        Duration.parse("10s")
    )
    lease: Lease = Duration.parse("24h")
    on_exit: OnExit = "keep"

    @property
    def node_name(self) -> str:
        """The node's name; empty: nobody told it. Never the host's name, which may be another."""
        return self.node or os.environ.get("NODE_NAME", "")

    @property
    def owner(self) -> str:
        """The name of the DaemonSet that owns the object; empty: none does."""
        return self.daemonset or os.environ.get(DAEMONSET_VARIABLE, "")

    @property
    def url(self) -> str:
        """The API server's address; empty: nobody told it."""
        return self.server or _server_of_the_pod()

    @property
    def place(self) -> str:
        """The object, wherever it is."""
        return f"NodeFeature {self.namespace or '(own namespace)'}/xelinkd-for-{self.node_name}"

    @property
    def reads(self) -> tuple[Path, ...]:
        """The credentials: the folder, for what is in it is replaced."""
        return (self.credentials_dir,)


def _server_of_the_pod() -> str:
    """Give the address that kubelet tells each container."""
    host = os.environ.get("KUBERNETES_SERVICE_HOST", "")
    ports = ("KUBERNETES_SERVICE_PORT_HTTPS", "KUBERNETES_SERVICE_PORT")
    port = next(filter(None, map(os.environ.get, ports)), "443")
    return f"https://{f'[{host}]' if ':' in host else host}:{port}" if host else ""
