"""The configuration file, with and without flags on the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from urllib3.util import parse_url

from fuzzing import expect
from fuzzing.seeds import ROOT
from fuzzing.target import MARK, Target
from xelinkd.config.changes import changes
from xelinkd.config.decode import Decoded, decode
from xelinkd.config.describe import render_effective
from xelinkd.config.keys import KEYS, SECTIONS
from xelinkd.config.load import Loaded
from xelinkd.config.overrides import UrlHttps, UrlPort
from xelinkd.config.problems import MAX_PROBLEMS, ConfigError, Problem
from xelinkd.config.schema import Config, referenced_files
from xelinkd.config.url import host_and_port
from xelinkd.model.labels import label_lines
from xelinkd.model.topology import Topology
from xelinkd.sources.metrics import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATH: Final = Path("/etc/xelinkd/xelinkd.toml")
_MAX_PROBLEM_LENGTH: Final = 600  # characters; each value or key in it is cut to 80
_FLAGS: Final = (UrlPort(443, "-xpum-port"), UrlHttps("-cert"))
_PORTS: Final = {"http": 80, "https": 443}
_DEFAULTS: Final = Loaded(Config(), {}, _PATH, {})


def check(data: bytes) -> None:
    """Read the file as `xelinkd check` does, and as the daemon."""
    decoded = _decode(data)
    if decoded is None:
        return
    _check_shown(Loaded(decoded.config, decoded.origins, _PATH, {}))
    _check_used(decoded.config)
    flagged = _decode(data, *_FLAGS)
    if flagged is not None:
        assert metrics(flagged.config.source).place.url.startswith("https://")


def _decode(data: bytes, *overrides: UrlPort | UrlHttps) -> Decoded | None:
    try:
        return decode(data, overrides, where=str(_PATH))
    except ConfigError as error:
        _check_problems(error.problems)
        return None


def _check_problems(problems: Sequence[Problem]) -> None:
    assert 1 <= len(problems) <= MAX_PROBLEMS
    for problem in problems:
        expect.sentence(str(problem), _MAX_PROBLEM_LENGTH)


def _check_shown(loaded: Loaded) -> None:
    """Show the configuration in force: it means the same if it is read again."""
    again = _decode(render_effective(loaded).encode())
    assert again is not None
    assert again.config == loaded.config
    assert bool(changes(_DEFAULTS, loaded)) == (loaded.config != _DEFAULTS.config)


def _check_used(config: Config) -> None:
    """Build from it what workers build: no value that was let in may stop them."""
    url = parse_url(
        metrics(config.source).place.url
    )  # by which the fetcher connects; it is confined to what we take for it
    host, port = host_and_port(config.source.url)
    assert (host.lower(), port) == ((url.host or "").strip("[]"), url.port or _PORTS[url.scheme or ""])
    assert all(path.is_absolute() for path in (*referenced_files(config), config.feature_file.staging))
    expect.labels(label_lines(Topology((), ()), config.labels), config.labels.namespace)


def _alone(key: str, value: str) -> bytes:
    section, _, name = key.partition(".")
    return f"[{section}]\n{name} = {value}\n".encode()


_LONG: Final = (("", b"://"), ("http://", b"a."), ("http://[", b":"), ("http://a/", b"@"), ("", b"\\u0041"))
_SHIPPED: Final = (ROOT / "etc" / "xelinkd.toml").read_bytes()

TARGET: Final = Target(
    check,
    seeds=[
        *(b"", b"#", b"\xff", _SHIPPED, re.sub(rb"(?m)^#.*\n", b"", _SHIPPED)),
        *(_alone(key, '"7d"') for key in KEYS),
        *(_alone(key, "4") for key in KEYS),
        _alone("source.url", '"https://admin:pw@[::1]:29999/metrics?a=b"'),
        b'source = {user = "a", password_file = "/p", url = "https://h", ca_file = """/c"""}',
        b"a = [[1], {b = 1979-05-27T07:32:00Z}, nan, 0xff]\n[[b.c]]\n'd'.\"e\" = '''x'''",
    ],
    words=[
        *(name.encode() for key in KEYS.values() for name in (key.name, key.path)),
        *(f"[{section}]\n".encode() for section in SECTIONS),
        *(b" = ", b'"""', b"'''", b"[[", b"{", b"}", b"\\u0000", b"\\U0001f5a5", b"\\ud800", b"0x", b"1e999"),
        *(b"true", b"nan", b"-inf", b"1979-05-27T07:32:00-08:00", b"24h", b"500ms", b"366d", b"999999999d"),
        *(b'"http://', b'"https://', b"://", b"[::1]", b":29999", b"@", b"$CREDENTIALS_DIRECTORY/", b'"/'),
        *(b"kubernetes.io", b"feature.node.kubernetes.io", b"keep", b"remove", b"wait", b"debug", b"json"),
    ],
    hazards=[
        *(_alone("source.url", f'"{start}').strip() + MARK + more + MARK + b'"' for start, more in _LONG),
        b"a" + MARK + b".a" + MARK + b" = 1",
        b"a = " + MARK + b"[" + MARK,
        b"a = " + MARK + b"1" + MARK,
        MARK + b"[a" + MARK + b"]\n" + MARK,
        b"[source]\n" + MARK + b"u" + MARK + b" = 1\n" + MARK,
    ],
)
