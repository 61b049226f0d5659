"""The configuration's schema: every key with its type, its rule, its default and its line of documentation.

The shipped file, the checks and the messages are all made from this.
"""

# No `from __future__ import annotations`: msgspec reads the annotations when the program runs.
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from xelinkd.config.credentials import credential_path
from xelinkd.config.duration import Duration
from xelinkd.config.rules import (
    ABSOLUTE_OR_EMPTY,
    GPU_TYPE,
    LABEL_NAMESPACE,
    LISTEN,
    LONGEST_WAIT,
    OUTPUT_FILE,
    OUTPUT_FORMAT,
    PASSWORD_FILE,
    TRUE_OR_FALSE,
    duration,
    one_of,
    whole_number,
)
from xelinkd.config.sinks import FeatureFile, NodeFeature, Sink, SinkSettings, section_of
from xelinkd.config.sources import Source

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "json", "text"]

DEFAULT_PATH: Final = Path("/etc/xelinkd/xelinkd.toml")
MOST_OUTPUTS: Final = 16


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


class Supervision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the worker processes are watched."""

    heartbeat_deadline: Annotated[
        Duration,
        Meta(description="A worker that is silent for this long is replaced"),
        duration("1s", LONGEST_WAIT),
    ] = Duration.parse("30s")
    restart_delay_max: Annotated[
        Duration,
        Meta(description="Longest wait before a failed worker is replaced"),
        duration("100ms", LONGEST_WAIT),
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
        return credential_path(self.token_file)

    @property
    def key_path(self) -> Path | None:
        """The key file, with systemd's directory of credentials filled in."""
        return credential_path(self.key_file)


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
