"""The Go sidecar's command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xelinkd.cli.go_flags import translate
from xelinkd.config.decode import decode
from xelinkd.config.duration import Duration
from xelinkd.config.problems import ConfigError
from xelinkd.config.schema import Config

VALUES = {
    "interval": "15",
    "startup-delay": "0",
    "xpum-port": "8080",
    "tmp-dir-prefix": "/t/",
    "dst-file-path": "/f/x",
    "lane-count": "2",
    "label-namespace": "a.b",
    "cert": "/certs/tls.crt",
    "v": "4",
    "stderrthreshold": "2",
    "vmodule": "a=1",
    "log_dir": "/l",
    "log_file": "/l/f",
    "log_file_max_size": "1",
    "log_backtrace_at": "a:1",
}
BOOLS = [
    "allow-subdeviceless-links",
    "logtostderr",
    "alsologtostderr",
    "one_output",
    "skip_headers",
    "skip_log_headers",
    "add_dir_header",
]
SPELLINGS = [["-{name}", "{value}"], ["-{name}={value}"], ["--{name}", "{value}"], ["--{name}={value}"]]


def config(*argv: str, text: str = "") -> Config:
    """Give the configuration that these flags make over a file."""
    translation = translate(argv)
    assert translation.rest == ()
    return decode(text.encode(), translation.overrides, where="x.toml").config


def problems(*argv: str) -> list[str]:
    """Give the problems of flags that cannot be translated."""
    with pytest.raises(ConfigError) as caught:
        translate(argv)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=str)
@pytest.mark.parametrize("name", VALUES)
def test_every_flag_in_every_spelling(name: str, spelling: list[str]) -> None:
    """Whichever way a manifest spells a flag with a value, it means the same and nothing is left over."""
    argv = [part.format(name=name, value=VALUES[name]) for part in spelling]
    translation = translate(["run", *argv, "--config", "f"])
    reference = translate([f"--{name}={VALUES[name]}"])
    assert translation.rest == ("run", "--config", "f")
    assert (
        decode(b"", translation.overrides, where="x").config
        == decode(b"", reference.overrides, where="x").config
    )
    assert bool(translation.overrides) != bool(translation.warnings)


@pytest.mark.parametrize("dashes", ["-", "--"])
@pytest.mark.parametrize("name", BOOLS)
def test_bool_flags_take_no_further_argument(name: str, dashes: str) -> None:
    """A bool flag stands alone or has its value behind an equals sign, as in Go."""
    for argument in (f"{dashes}{name}", f"{dashes}{name}=true"):
        translation = translate([argument, "rest"])
        assert translation.rest == ("rest",)
        assert bool(translation.overrides) != bool(translation.warnings)


@pytest.mark.parametrize(
    "value", ["true", "1", "t", "T", "TRUE", "True", "false", "0", "f", "F", "FALSE", "False"]
)
def test_bools_as_go_writes_them(value: str) -> None:
    """Every way to write true and false in Go is understood."""
    expected = value.lower() in ("true", "1", "t")
    assert config(f"-allow-subdeviceless-links={value}").labels.allow_subdeviceless is expected


def test_what_the_flags_mean() -> None:
    """A manifest of the Go sidecar works as it is."""
    meant = config(
        *("-interval=15", "-startup-delay", "0", "-xpum-port=8080", "--tmp-dir-prefix", "/t/"),
        *("-dst-file-path=/f/x", "-lane-count", "2", "--label-namespace=a.b"),
        *("-allow-subdeviceless-links", "-v=2"),
    )
    assert (str(meant.source.interval), str(meant.source.startup_delay)) == ("15s", "0s")
    assert meant.source.url == "http://127.0.0.1:8080/metrics"
    assert (meant.feature_file.path, meant.feature_file.staging) == (Path("/f/x"), Path("/t/.xelinkd"))
    assert (meant.labels.min_lanes, meant.labels.namespace, meant.labels.allow_subdeviceless) == (
        2,
        "a.b",
        True,
    )
    assert meant.log == Config().log


def test_a_certificate_means_https() -> None:
    """With `-cert`, the source is asked over HTTPS and verified against that file."""
    source = config("-cert", "/c.pem", "-xpum-port", "1", text='[source]\nurl = "http://h:2/m"').source
    assert (source.url, source.ca_file) == ("https://h:1/m", "/c.pem")


def test_an_empty_certificate_means_none() -> None:
    """With `-cert ""`, nothing changes but that no file is trusted."""
    assert config("-cert=") == config("-cert", "") == Config()
    text = '[source]\nurl = "https://h/m"\nca_file = "/c.pem"'
    source = config("-cert", "", text=text).source
    assert (source.url, source.ca_file) == ("https://h/m", "")


def test_an_empty_prefix_means_the_default() -> None:
    """With `-tmp-dir-prefix ""`, files are staged where they are by default."""
    assert config("-tmp-dir-prefix", "") == Config()


@pytest.mark.parametrize(
    ("value", "seconds"), [("10", 10), ("010", 8), ("0x10", 16), ("1_0", 10), ("+5", 5), ("1m", 60)]
)
def test_intervals(value: str, seconds: int) -> None:
    """An interval is whole seconds, in any notation of Go, or a duration as in the configuration file."""
    assert config("-interval", value).source.interval == Duration(seconds)


@pytest.mark.parametrize(
    ("value", "level"), [("0", "info"), ("2", "info"), ("3", "info"), ("4", "debug"), ("10", "debug")]
)
def test_verbosity(value: str, level: str) -> None:
    """From `-v 4` on, xelinkd logs what helps to find faults."""
    assert config("-v", value).log.level == level


def test_the_last_one_counts() -> None:
    """A flag that is repeated means what it says last, as in Go."""
    assert (
        config("-cert=/c.pem", "-interval=5", "--interval", "7", "-cert=").source
        == config("-interval=7").source
    )


def test_flags_without_effect_are_named_once() -> None:
    """One line tells which flags of the Go sidecar have no effect."""
    translation = translate(["-logtostderr", "-vmodule", "a=2", "--logtostderr=false", "-v=2"])
    assert translation.warnings == ("these flags have no effect in xelinkd: --logtostderr, -vmodule",)


def test_other_arguments_stay_as_they_are() -> None:
    """Flags of our own, verbs, and everything behind `--` are left for our own parser."""
    argv = ("run", "--config=f", "-h", "-", "---v", "-=x", "--version", "-vv", "--", "-v", "9")
    assert translate(argv).rest == argv


def test_bad_values_are_named_all_at_once() -> None:
    """Every flag with a value of the wrong kind is named with what is allowed."""
    assert problems(
        "-interval=soon",
        "--lane-count",
        "4.0",
        "-xpum-port=http",
        "-allow-subdeviceless-links=yes",
        "-v=",
        "-cert",
    ) == [
        'flag -interval: found "soon"; allowed: seconds, a whole number; or a duration such as 10s',
        'flag --lane-count: found "4.0"; allowed: a whole number of lanes',
        'flag -xpum-port: found "http"; allowed: a port number',
        'flag -allow-subdeviceless-links: found "yes"; allowed: true or false',
        'flag -v: found ""; allowed: a whole number',
        "flag -cert: needs a value",
    ]


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("-interval=0", 'flag -interval: source.interval: found "0s"'),
        ("-interval=-5", 'flag -interval: source.interval: found "-5s"'),
        (
            "--xpum-port=65536",
            'default, flag --xpum-port: source.url: found "http://127.0.0.1:65536/metrics"',
        ),
        ("-lane-count=-1", "flag -lane-count: labels.min_lanes: found -1"),
        ("-dst-file-path=x", 'flag -dst-file-path: feature_file.path: found "x"'),
        ("-cert=\udcff", 'flag -cert: source.ca_file: found "\\udcff"'),
    ],
)
def test_values_out_of_range_are_named_by_their_flag(argument: str, problem: str) -> None:
    """A value that the schema refuses is reported with the flag as the user typed it."""
    with pytest.raises(ConfigError) as caught:
        config(argument)
    assert str(caught.value.problems[0]).startswith(problem)


NAMES = st.sampled_from([*VALUES, *BOOLS, "config", "", "h"])
ARGUMENTS = st.builds(
    "{}{}{}{}".format, st.sampled_from(["-", "--", ""]), NAMES, st.sampled_from(["=", ""]), st.text()
)


@given(st.lists(ARGUMENTS | st.text(), max_size=6))
def test_any_arguments_are_translated_or_refused(argv: list[str]) -> None:
    """No command line can make xelinkd fall over: it is understood, or refused in words."""
    try:
        translation = translate(argv)
        decode(b"", translation.overrides, where="x.toml")
    except ConfigError:
        return
