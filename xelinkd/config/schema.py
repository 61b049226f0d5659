"""The configuration's schema: every key with its type, its rule, its default and its line of documentation.

The shipped file, the checks and the messages are all made from this.
"""

# No `from __future__ import annotations`: msgspec reads the annotations when the program runs.
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, Protocol

from msgspec import Meta, Struct

from xelinkd.config.duration import Duration
from xelinkd.config.kinds import KINDS
from xelinkd.config.kinds import Kind as SourceKind
from xelinkd.config.rules import (
    ABSOLUTE_OR_EMPTY,
    CREDENTIALS_DIRECTORY,
    FEATURE_FILE_PATH,
    FINGERPRINT,
    FOLDER,
    GPU_TYPE,
    HTTP_URL,
    HTTPS_SERVER,
    LABEL_NAMESPACE,
    LISTEN,
    NAMESPACE,
    NODE,
    OBJECT,
    OUTPUT_FILE,
    OUTPUT_FORMAT,
    PASSWORD_FILE,
    TRUE_OR_FALSE,
    USER_NAME,
    duration,
    one_of,
    whole_number,
)
from xelinkd.config.sinks import FEATURE_FILE, NODE_FEATURE, section_of
from xelinkd.config.sinks import KINDS as SINKS

if TYPE_CHECKING:
    Kind = str
    SinkName = str
else:
    Kind = Literal[tuple(KINDS)]
    SinkName = Literal[tuple(SINKS)]
ExitPolicy = Literal["keep", "remove"]
WhenLocked = Literal["exit", "wait"]
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "json", "text"]

DEFAULT_PATH: Final = Path("/etc/xelinkd/xelinkd.toml")
MOST_OUTPUTS: Final = 16
DAEMONSET_VARIABLE: Final = "XELINKD_DAEMONSET"
STAGING_NAME: Final = ".xelinkd"  # hidden, so that Node Feature Discovery passes it over

# A wait in poll(2) is a 32-bit count of milliseconds: 24 days.
_LONGEST_WAIT: Final = "7d"
_LONGEST_LEASE: Final = "366d"


def _with_credentials(file: str) -> Path | None:
    variable = f"${CREDENTIALS_DIRECTORY}"
    directory = os.environ.get(CREDENTIALS_DIRECTORY, variable)
    return Path("/", file.replace(variable, directory, 1)) if file else None


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the topology comes from."""

    kind: Annotated[
        Kind,
        Meta(description="; ".join(f"{name}: {kind.about}" for name, kind in KINDS.items())),
        one_of(Kind),
    ] = "metrics"
    url: Annotated[str, Meta(description="XPU Manager's metrics page"), HTTP_URL] = (
        "http://127.0.0.1:29999/metrics"
    )
    rest_url: Annotated[str, Meta(description="XPU Manager's topology over REST"), HTTP_URL] = (
        "https://127.0.0.1:30000/rest/v1/topology/xelink"
    )
    interval: Annotated[
        Duration, Meta(description="Time from one fetch to the next"), duration("100ms", _LONGEST_WAIT)
    ] = Duration.parse("10s")
    deadline: Annotated[
        Duration, Meta(description="Time for one whole fetch"), duration("1ms", _LONGEST_WAIT)
    ] = Duration.parse("5s")
    startup_delay: Annotated[
        Duration, Meta(description="Wait before the first fetch"), duration("0s", _LONGEST_WAIT)
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
    def uses(self) -> SourceKind:
        """What this kind of source asks, and what it uses of the node."""
        return KINDS[self.kind]

    @property
    def name(self) -> str:
        """Who is asked first."""
        return next(iter(self.urls), self.kind)

    @property
    def password_path(self) -> Path | None:
        """The password file, with systemd's directory of credentials filled in."""
        return _with_credentials(self.password_file)


class Labels(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which links become labels, and what the labels are called."""

    namespace: Annotated[str, Meta(description="What stands before /xe-links"), LABEL_NAMESPACE] = (
        "gpu.intel.com"
    )
    min_lanes: Annotated[
        int, Meta(description="Links with fewer lanes are left out"), whole_number("lanes", 0)
    ] = 4
    allow_subdeviceless: Annotated[
        bool, Meta(description="Take links of devices without sub-devices, too"), TRUE_OR_FALSE
    ] = False
    summary: Annotated[
        bool,
        Meta(description="Add xelink-count and the like: labels that plain node affinity can ask for"),
        TRUE_OR_FALSE,
    ] = False


class Sink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the labels go; the section of that name has the rest."""

    kind: Annotated[
        SinkName,
        Meta(description="; ".join(f"{name}: {about}" for name, about in SINKS.items())),
        one_of(SinkName),
    ] = FEATURE_FILE


_LEASE: Final = "How long labels hold after the last good fetch"
_ON_EXIT: Final = "What becomes of the labels when xelinkd stops"


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
    lease: Annotated[
        Duration,
        Meta(description=_LEASE),
        duration("1s", _LONGEST_LEASE),
    ] = Duration.parse("24h")
    on_exit: Annotated[ExitPolicy, Meta(description=_ON_EXIT), one_of(ExitPolicy)] = "keep"
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
    lease: Annotated[
        Duration,
        Meta(description=_LEASE),
        duration("1s", _LONGEST_LEASE),
    ] = Duration.parse("24h")
    on_exit: Annotated[ExitPolicy, Meta(description=_ON_EXIT), one_of(ExitPolicy)] = "keep"

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


class Supervision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the worker processes are watched."""

    heartbeat_deadline: Annotated[
        Duration,
        Meta(description="A worker that is silent for this long is replaced"),
        duration("1s", _LONGEST_WAIT),
    ] = Duration.parse("30s")
    restart_delay_max: Annotated[
        Duration,
        Meta(description="Longest wait before a failed worker is replaced"),
        duration("100ms", _LONGEST_WAIT),
    ] = Duration.parse("30s")


class Status(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The page, the probes and the metrics, over HTTP."""

    listen: Annotated[str, Meta(description="Where the status is served; empty serves none"), LISTEN] = (
        "127.0.0.1:29998"
    )
    token_file: Annotated[
        str, Meta(description="File whose first line is the bearer token to ask for"), PASSWORD_FILE
    ] = ""
    cert_file: Annotated[
        str,
        Meta(description="PEM file with the server's certificates: https; empty is http"),
        ABSOLUTE_OR_EMPTY,
    ] = ""
    key_file: Annotated[str, Meta(description="PEM file with their key"), PASSWORD_FILE] = ""
    client_ca_file: Annotated[
        str, Meta(description="PEM file: ask for a client certificate by one of these"), ABSOLUTE_OR_EMPTY
    ] = ""
    anonymous: Annotated[
        bool,
        Meta(description="Answer everybody, beyond the loopback address too (probes need no token anyway)"),
        TRUE_OR_FALSE,
    ] = False

    @property
    def token_path(self) -> Path | None:
        """The token file, with systemd's directory of credentials filled in."""
        return _with_credentials(self.token_file)

    @property
    def key_path(self) -> Path | None:
        """The key file, with systemd's directory of credentials filled in."""
        return _with_credentials(self.key_file)


class Log(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is logged, and how."""

    level: Annotated[LogLevel, Meta(description="The least severe that is logged"), one_of(LogLevel)] = "info"
    format: Annotated[
        LogFormat,
        Meta(description="auto is text on a terminal, fields in systemd's journal, and JSON elsewhere"),
        one_of(LogFormat),
    ] = "auto"


class Output(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that tells the topology to another program: this section once for each, none by default."""

    format: Annotated[
        str,
        Meta(
            description="What is written: lines for Slurm's gres.conf, a JSON object, or metrics",
            examples=["slurm"],
        ),
        OUTPUT_FORMAT,
    ]
    file: Annotated[
        Path,
        Meta(
            description="Where: a file in a folder that is there, not the feature file's",
            examples=["/var/lib/xelinkd/gres.conf"],
        ),
        OUTPUT_FILE,
    ]
    gpu_type: Annotated[
        str, Meta(description="slurm: what gres.conf calls these GPUs, Type=; empty leaves it out"), GPU_TYPE
    ] = ""


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be configured. Values are never changed: a new configuration is a new value."""

    source: Source = Source()
    labels: Labels = Labels()
    sink: Sink = Sink()
    feature_file: FeatureFile = FeatureFile()
    node_feature: NodeFeature = NodeFeature()
    supervision: Supervision = Supervision()
    status: Status = Status()
    log: Log = Log()
    outputs: tuple[Output, ...] = ()

    @property
    def target(self) -> SinkSettings:
        """The settings of the sink in force."""
        settings: SinkSettings = getattr(self, section_of(self.sink.kind))
        return settings


def referenced_files(config: Config) -> tuple[Path, ...]:
    """Name the files whose content matters as much as the configuration's own."""
    return (*files_of_the_source(config), *files_of_the_status(config))


def files_of_the_source(config: Config) -> tuple[Path, ...]:
    """Name the files that a fetch takes."""
    source = config.source
    paths = (_path(source.ca_file), _path(source.pin_file), source.password_path)
    return tuple(path for path in paths if path)


def files_of_the_status(config: Config) -> tuple[Path, ...]:
    """Name the files that serving the status takes."""
    status = config.status
    paths = (status.token_path, _path(status.cert_file), status.key_path, _path(status.client_ca_file))
    return tuple(path for path in paths if path)


def _path(text: str) -> Path | None:
    return Path(text) if text else None
