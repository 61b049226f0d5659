"""The command line of the Go sidecar: every flag, in every spelling of Go's flag package.

Runs before our own parser: takes these flags out of the arguments and turns them into overrides.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.config.duration import Duration
from xelinkd.config.overrides import AnyOverride, Override, UrlHttps, UrlPort
from xelinkd.config.problems import ConfigError, Problem
from xelinkd.config.sinks import STAGING_NAME
from xelinkd.config.toml_text import found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Overrides = tuple[AnyOverride, ...]


class Translation(Struct, frozen=True):
    """What is left for our own parser, what the flags ask for, and at most one line to tell the user."""

    rest: tuple[str, ...]
    overrides: tuple[AnyOverride, ...]
    warnings: tuple[str, ...]


def translate(argv: Sequence[str]) -> Translation:
    """Take the Go sidecar's flags out of the arguments, wherever they stand before `--`.

    Raises ConfigError with every value of the wrong kind; whether a value is in range is for the schema.
    """
    given, rest = _scan(argv)
    last = {flag.name: flag for flag in given}  # as in Go: the last one counts
    overrides, problems = _overrides(last.values())
    if problems:
        raise ConfigError(problems)
    ignored = [flag.spelling for flag in last.values() if flag.name in _IGNORED]
    return Translation(tuple(rest), tuple(overrides), _warnings(ignored))


class _Flag(Struct, frozen=True):
    """A flag as given: `-interval`, and its value; None if the arguments ended before it."""

    spelling: str
    value: str | None

    @property
    def name(self) -> str:
        return self.spelling.lstrip("-")


_SYNTAX: Final = re.compile(r"(?P<spelling>--?(?P<name>[^-=][^=]*))(?:=(?P<value>.*))?", re.DOTALL)


def _scan(argv: Sequence[str]) -> tuple[list[_Flag], list[str]]:
    """Part the Go sidecar's flags from all other arguments."""
    given: list[_Flag] = []
    rest: list[str] = []
    waiting = deque(argv)
    while waiting and waiting[0] != "--":
        argument = waiting.popleft()
        match = _SYNTAX.fullmatch(argument)
        if match is None or match["name"] not in NAMES:
            rest.append(argument)
        else:
            given.append(_Flag(match["spelling"], _value(match, waiting)))
    return given, [*rest, *waiting]


def _value(match: re.Match[str], waiting: deque[str]) -> str | None:
    """Find a flag's value: after the `=`; for a bool, true; for others the next argument, whatever it is."""
    if match["value"] is not None:
        return match["value"]
    if match["name"] in _BOOLS:
        return "true"
    return waiting.popleft() if waiting else None


def _overrides(flags: Iterable[_Flag]) -> tuple[list[AnyOverride], list[Problem]]:
    overrides: list[AnyOverride] = []
    problems: list[Problem] = []
    for flag in flags:
        if flag.value is None:
            problems.append(Problem(f"flag {flag.spelling}", "", "needs a value"))
            continue
        try:
            overrides += _MEANINGS.get(flag.name, _no_meaning)(flag.spelling, flag.value)
        except ValueError as error:
            message = f"found {found(flag.value)}; allowed: {error}"
            problems.append(Problem(f"flag {flag.spelling}", "", message))
    return overrides, problems


def _warnings(ignored: Sequence[str]) -> tuple[str, ...]:
    return (f"these flags have no effect in xelinkd: {', '.join(ignored)}",) if ignored else ()


# What each flag means: from its spelling and its value to overrides; a ValueError says what is allowed.


def _duration(key: str) -> Callable[[str, str], Overrides]:
    return lambda spelling, value: (Override(key, _duration_text(value), spelling),)


def _duration_text(value: str) -> str:
    """Take durations as in the file, and whole seconds as in Go."""
    try:
        return str(Duration.parse(value))
    except ValueError:
        return f"{_integer(value, 'seconds, a whole number; or a duration such as 10s')}s"


def _text(key: str) -> Callable[[str, str], Overrides]:
    return lambda spelling, value: (Override(key, value, spelling),)


def _port(spelling: str, value: str) -> Overrides:
    return (UrlPort(_integer(value, "a port number"), spelling),)


def _lane_count(spelling: str, value: str) -> Overrides:
    return (Override("labels.min_lanes", _integer(value, "a whole number of lanes"), spelling),)


def _temporary_directory(spelling: str, prefix: str) -> Overrides:
    """Keep our staging directory where the Go sidecar made a new one for every write."""
    staging = f"{prefix.rstrip('/')}/{STAGING_NAME}" if prefix else ""
    return (Override("feature_file.staging_dir", staging, spelling),)


def _subdeviceless(spelling: str, value: str) -> Overrides:
    return (Override("labels.allow_subdeviceless", _bool(value), spelling),)


def _certificate(spelling: str, file: str) -> Overrides:
    """Trust this file over HTTPS; an empty name means no file, and changes nothing else."""
    ca_file = Override("source.ca_file", file, spelling)
    return (ca_file, UrlHttps(spelling)) if file else (ca_file,)


_DEBUG_VERBOSITY: Final = 4  # what klog's users call debug


def _verbosity(spelling: str, value: str) -> Overrides:
    verbose = _integer(value, "a whole number") >= _DEBUG_VERBOSITY
    return (Override("log.level", "debug", spelling),) if verbose else ()


def _no_meaning(_spelling: str, _value: str) -> Overrides:
    return ()


_MEANINGS: Final[Mapping[str, Callable[[str, str], Overrides]]] = {
    "interval": _duration("source.interval"),
    "startup-delay": _duration("source.startup_delay"),
    "xpum-port": _port,
    "tmp-dir-prefix": _temporary_directory,
    "dst-file-path": _text("feature_file.path"),
    "lane-count": _lane_count,
    "label-namespace": _text("labels.namespace"),
    "allow-subdeviceless-links": _subdeviceless,
    "cert": _certificate,
    "v": _verbosity,
}

# klog v2: our logs have one shape and go to one place.
_IGNORED_BOOLS: Final = frozenset(
    {"add_dir_header", "alsologtostderr", "logtostderr", "one_output", "skip_headers", "skip_log_headers"}
)
_IGNORED_VALUES: Final = frozenset(
    {"log_backtrace_at", "log_dir", "log_file", "log_file_max_size", "stderrthreshold", "vmodule"}
)
_IGNORED: Final = _IGNORED_BOOLS | _IGNORED_VALUES
_BOOLS: Final = _IGNORED_BOOLS | {"allow-subdeviceless-links"}
NAMES: Final = _IGNORED | _MEANINGS.keys()
"""Every flag of the Go sidecar, without dashes."""


_INTEGER: Final = re.compile(r"(?P<sign>[+-]?)(?P<octal>0(?=[0-7]))?(?P<digits>[0-9a-zA-Z_]+)")
_INT64: Final = range(-(1 << 63), 1 << 63)


def _integer(text: str, allowed: str) -> int:
    """Read an integer as Go's flag package does (strconv.ParseInt, base 0): also 0x10, 0b1, 0o7 and 07.

    Raises ValueError with `allowed`.
    """
    number = _python_integer(text)
    if number is None or number not in _INT64:
        raise ValueError(allowed)
    return number


def _python_integer(text: str) -> int | None:
    match = _INTEGER.fullmatch(text)
    try:
        return int(_pythonic(match), 0) if match else None
    except ValueError:
        return None


def _pythonic(match: re.Match[str]) -> str:
    """Write Go's octal numbers, 07, as Python does, 0o7."""
    return match["sign"] + ("0o" if match["octal"] else "") + match["digits"]


_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def _bool(text: str) -> bool:
    """Read a bool as Go's strconv.ParseBool does."""
    if text not in _TRUE | _FALSE:
        raise ValueError("true or false")
    return text in _TRUE
