"""From TOML and flags to a configuration."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xelinkd.config.decode import Decoded, decode
from xelinkd.config.duration import Duration
from xelinkd.config.keys import KEYS, SECTIONS, value_of
from xelinkd.config.overrides import Override, UrlHttps, UrlPort
from xelinkd.config.problems import ConfigError
from xelinkd.config.schema import Config, referenced_files

if TYPE_CHECKING:
    from xelinkd.config.overrides import AnyOverride

FILE = "x.toml"


def read(text: str, *overrides: AnyOverride) -> Decoded:
    """Decode a good configuration."""
    return decode(text.encode(), overrides, where=FILE)


def problems(text: str | bytes, *overrides: AnyOverride) -> list[str]:
    """Decode a bad configuration, and give its problems' lines."""
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(ConfigError) as caught:
        decode(data, overrides, where=FILE)
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


def test_nothing_given_means_the_defaults() -> None:
    """An empty file is a whole configuration."""
    decoded = read("")
    assert decoded.config == Config()
    assert set(decoded.origins.values()) == {"default"}
    assert decoded.config.feature_file.staging == decoded.config.feature_file.path.parent / ".xelinkd"
    assert referenced_files(decoded.config) == ()


def test_a_byte_order_mark_means_nothing() -> None:
    """What some editors put before the first line, unseen, makes no file wrong, and moves no place in it."""
    assert read("\ufefflabels.min_lanes = 1").config.labels.min_lanes == 1
    assert problems("\ufeffa = ") == [f"{FILE}: line 1, column 5: is not TOML: Invalid value"]
    assert problems(b"\xef\xbb\xbf\n\xff") == [f"{FILE}: line 2: is not UTF-8"]


def test_every_kind_of_value() -> None:
    """Values of the file arrive as what they are: times, paths, numbers, choices."""
    config = read("""
        source.url = "https://[::1]:1/m"
        source.interval = "1m30s"
        source.ca_file = "/ca.pem"
        source.max_page_mib = 1
        labels.allow_subdeviceless = true
        feature_file.path = "/f/labels"
        feature_file.staging_dir = "/g"
        feature_file.on_exit = "remove"
    """).config
    assert (config.source.url, str(config.source.interval), config.source.max_page_mib) == (
        "https://[::1]:1/m",
        "1m30s",
        1,
    )
    assert (config.labels.allow_subdeviceless, config.feature_file.on_exit) == (True, "remove")
    assert (config.feature_file.path, config.feature_file.staging) == (Path("/f/labels"), Path("/g"))
    assert referenced_files(config) == (Path("/ca.pem"),)


def test_the_command_line_beats_the_file_and_the_file_the_defaults() -> None:
    """Users can tell which value wins, and where each one came from."""
    decoded = read(
        '[source]\ninterval = "20s"\ndeadline = "6s"', Override("source.interval", "30s", "-interval")
    )
    assert (decoded.config.source.interval, decoded.config.source.deadline) == (Duration(30), Duration(6))
    origins = [decoded.origins[f"source.{name}"] for name in ("interval", "deadline", "url")]
    assert origins == ["flag -interval", "file", "default"]


@pytest.mark.parametrize("parts_first", [False, True])
def test_flags_change_parts_of_the_url_in_force(*, parts_first: bool) -> None:
    """A port or a certificate on the command line keeps the rest of the URL, wherever that came from."""
    whole: list[AnyOverride] = [Override("source.url", "http://other/m", "--url")]
    parts: list[AnyOverride] = [UrlPort(1, "-port"), UrlHttps("-cert")]
    overrides = parts + whole if parts_first else whole + parts
    decoded = read('[source]\nurl = "http://file/m"', *overrides)
    assert decoded.config.source.url == "https://other:1/m"
    assert decoded.origins["source.url"] == "flag --url, flag -port, flag -cert"


def test_flags_change_parts_of_the_file_s_url() -> None:
    """A port on the command line changes just the port of the file's URL, and both are named."""
    decoded = read('[source]\nurl = "http://file:2/m"', UrlPort(3, "-port"))
    assert decoded.config.source.url == "http://file:3/m"
    assert decoded.origins["source.url"] == "file, flag -port"
    (line,) = problems("[source]\nurl = 5", UrlPort(3, "-port"), UrlHttps("-cert"))
    assert line.startswith("file, flag -port, flag -cert: source.url: found 5; allowed: ")


def test_all_problems_at_once() -> None:
    """One round is enough to mend a file, however much is wrong with it."""
    found = problems(
        """
        colour = "red"
        [source]
        url = "gopher://host"
        intervall = "10s"
        deadline = 5
        max_page_mib = "16"
        [labels]
        min_lanes = -1
        [feature_file]
        lease = "1s"
        on_exit = "remvoe"
        [log]
        level = ["info"]
        """,
        Override("labels.namespace", "kubernetes.io", "-label-namespace"),
    )
    keys = [line.split(": ")[1] for line in found]
    assert keys == [
        "colour",
        "source.intervall",
        "source.url",
        "source.deadline",
        "source.max_page_mib",
        "labels.min_lanes",
        "feature_file.on_exit",
        "log.level",
        "labels.namespace",
    ]
    assert all("\n" not in line for line in found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[source]\nintervall = "1s"', "source.intervall: unknown key; did you mean 'interval'?"),
        ("[sorce]\n", "sorce: unknown section; did you mean 'source'?"),
        ('interval = "1s"', "interval: unknown key; did you mean 'source.interval'?"),
        ('[log]\nlease = "1s"', "log.lease: unknown key; did you mean 'feature_file.lease'?"),
        ("[log]\ncolour = 1", "log.colour: unknown key; allowed: level, format"),
        ('[log]\n"a\\nb" = 1', 'log."a\\nb": unknown key; allowed: level, format'),
        ("log = 5", "log: found 5; allowed: a section, [log]"),
        ("[[log]]", "log: found an array; allowed: a section, [log]"),
    ],
)
def test_did_you_mean(text: str, message: str) -> None:
    """A slip of the pen is answered with the key that was meant, or with those there are."""
    assert problems(text) == [f"{FILE}: {message}"]


@pytest.mark.parametrize(
    ("value", "found", "hint"),
    [
        ("10", "10", '; a duration needs its unit: "10s"'),
        ("0.5", "0.5", '; a duration needs its unit: "500ms"'),
        ('"10"', '"10"', '; a duration needs its unit: "10s"'),
        ("-10", "-10", ""),
        ("nan", "nan", ""),
        ("true", "true", ""),
        ('"soon"', '"soon"', ""),
        ("{}", "a table", ""),
        ("1979-05-27", "the date or time 1979-05-27", ""),
        ("0x" + "f" * 5000, "a number beyond 64 bits", ""),
        ('"99ms"', '"99ms"', ""),
        ('"8d"', '"8d"', ""),
    ],
)
def test_bad_values_are_named(value: str, found: str, hint: str) -> None:
    """A wrong value is shown with what is allowed instead, and a bare number with its unit."""
    allowed = 'a duration from "100ms" to "7d"'
    assert problems(f"[source]\ninterval = {value}") == [
        f"{FILE}: source.interval: found {found}; allowed: {allowed}{hint}"
    ]


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("labels.min_lanes = true", "a whole number of lanes, 0 or more"),
        ("labels.min_lanes = 4.0", "a whole number of lanes, 0 or more"),
        ("source.max_page_mib = 1025", "a whole number of MiB, 1 to 1024"),
        ("labels.allow_subdeviceless = 1", "true or false"),
        ('log.level = "INFO"', '"debug", "info", "warning" or "error"'),
        (
            "feature_file.path = 1",
            'an absolute path of up to 4095 bytes whose file name does not begin with "."',
        ),
    ],
)
def test_types_are_strict(line: str, allowed: str) -> None:
    """Nothing is guessed: a value of another type is refused with what the key allows."""
    assert [problem.partition("; allowed: ")[2] for problem in problems(line)] == [allowed]


LEASE = 'found "34s"; allowed: at least "35s", which is 3 x source.interval + source.deadline'
HEARTBEAT = 'found "30s"; allowed: at least "35s", which is source.deadline + 5s, so that a fetch can end'
CA_FILE = 'found "/c"; allowed: "", or an https:// address as source.url: nothing is verified over http'
UNSEEN = "found a text, not shown here as it may be a secret"
USER = f'{UNSEEN}; allowed: a name where source.password_file is set, and "" where it is not'
NO_USER = USER.replace(UNSEEN, 'found ""')
PLAIN = (
    f'{UNSEEN}; allowed: "", or an https:// address as source.url: '
    "a password is never sent to an unverified server"
)
REST = PLAIN.replace("source.url", "source.rest_url")
REST_PIN = CA_FILE.replace("source.url", "source.rest_url")
ONE_TRUST = 'found "/c"; allowed: only one of source.ca_file, source.pin_file and source.fingerprint'
STAGING = (
    'found "/f/"; allowed: another directory than the feature file\'s own, '
    "whose every event wakes Node Feature Discovery"
)


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ('feature_file.lease = "34s"', "feature_file.lease", LEASE),
        ('source.deadline = "30s"', "supervision.heartbeat_deadline", HEARTBEAT),
        ('source.ca_file = "/c"', "source.ca_file", CA_FILE),
        ('source.pin_file = "/c"', "source.pin_file", CA_FILE),
        ('source = {kind = "rest", rest_url = "http://h", pin_file = "/c"}', "source.pin_file", REST_PIN),
        ('source = {kind = "rest", ca_file = "/c", pin_file = "/p"}', "source.ca_file", ONE_TRUST),
        (
            'source = {kind = "auto", rest_url = "http://h", user = "a", password_file = "/p"}',
            "source.user",
            REST,
        ),
        ('source.user = "a"\nsource.url = "https://h/"', "source.user", USER),
        ('source.password_file = "/p"', "source.user", NO_USER),
        ('source.user = "a"\nsource.password_file = "/p"', "source.user", PLAIN),
        ('feature_file.path = "/f/x"\nfeature_file.staging_dir = "/f/"', "feature_file.staging_dir", STAGING),
    ],
)
def test_keys_must_fit_each_other(text: str, key: str, message: str) -> None:
    """Values that are well by themselves but not together are refused, with what would fit."""
    assert problems(text) == [f"{FILE}: {key}: {message}"]


def test_a_long_value_that_does_not_fit_is_cut() -> None:
    """A log line stays short, whatever stands in the file."""
    (line,) = problems(f'source.ca_file = "/{"c" * 10_000}"')
    assert line.startswith(f'{FILE}: source.ca_file: found "/ccc')
    assert len(line) < 200


def test_limits_that_are_met_exactly_are_met() -> None:
    """The least value that a message names is accepted."""
    read('feature_file.lease = "35s"\nsource.deadline = "5s"\nsupervision.heartbeat_deadline = "10s"')
    read('feature_file.lease = "1300ms"\nsource.interval = "100ms"\nsource.deadline = "1s"')


def test_a_flag_is_blamed_for_what_it_breaks() -> None:
    """A value from the command line is named by the flag that the user typed."""
    interval = Override("source.interval", "20h", "-interval")
    assert problems("", interval)[0].startswith('flag -interval: feature_file.lease: found "24h"; allowed')
    assert problems("", Override("source.interval", "0s", "-interval"))[0].startswith(
        'flag -interval: source.interval: found "0s"; allowed'
    )


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a = 1\nb = ?", f"{FILE}: line 2, column 5: is not TOML: Invalid value"),
        (b"a = '\0'", f"{FILE}: line 1, column 6: is not TOML: Found invalid character '\\x00'"),
        (b"a = 1\n\n# \xff", f"{FILE}: line 3: is not UTF-8"),
        (b"a = " + b"[" * 100_000, f"{FILE}: is nested too deeply"),
        (b".".join([b"a"] * 100_000) + b" = 1", f"{FILE}: is nested too deeply"),
        (b"a = " + b"9" * 5000, f"{FILE}: is not TOML: Exceeds the limit"),
    ],
)
def test_what_is_not_toml(data: bytes, problem: str) -> None:
    """A file that is no TOML is refused with the place, however odd it is."""
    (line,) = problems(data)
    assert line.startswith(problem)
    assert len(line) < 160


SCALARS = (
    st.booleans().map(lambda value: str(value).lower())
    | st.integers().map(str)
    | st.floats().map(repr)
    | st.sampled_from(
        ['"10s"', '"1d"', '""', '"/a/b"', '"http://h/"', '"keep"', "1979-05-27", "07:32:00", "'.'"]
    )
    | st.text("abc/:.0159smhd-é", max_size=12).map(lambda text: f"'{text}'")
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | inner.map("{{ a = {} }}".format)
    ),
)
NAMES = st.sampled_from([*KEYS, *SECTIONS, "source.intervall", '"a b"', "x.y.z", "log.level.x"])
LINES = st.lists(st.builds("{} = {}".format, NAMES, VALUES), max_size=8)


def expect_a_config_or_its_problems(data: bytes) -> None:
    """Decode anything: any other error than the one that is made for it fails the test."""
    try:
        decode(data, where=FILE)
    except ConfigError as error:
        lines = [str(problem) for problem in error.problems]
    else:
        return
    assert lines
    assert all(len(line.splitlines()) == 1 for line in lines)


@given(st.binary() | st.text().map(str.encode))
@example(b"\xef\xbb\xbf[log]")
def test_any_bytes_give_a_configuration_or_its_problems(data: bytes) -> None:
    """No file can make xelinkd fall over: it runs, or says what is wrong, one line each."""
    expect_a_config_or_its_problems(data)


@given(LINES)
def test_any_values_give_a_configuration_or_its_problems(lines: list[str]) -> None:
    """No value, of whatever type and for whichever key, can make xelinkd fall over."""
    expect_a_config_or_its_problems("\n".join(lines).encode())


@given(st.sampled_from(list(KEYS)), VALUES)
def test_an_accepted_value_is_the_value_in_force(path: str, value: str) -> None:
    """What a user writes is what runs: an accepted value is never changed into another one."""
    text = f"{path} = {value}"
    try:
        decoded = read(text)
    except ConfigError:
        return
    written = tomllib.loads(f"a = {value}")["a"]
    in_force = value_of(decoded.config, path)
    assert in_force == written or isinstance(written, str)
    assert decoded.origins[path] == "file"


@pytest.mark.parametrize("key", ["source.url", "source.rest_url", "node_feature.server"])
@pytest.mark.parametrize("before", ["http://", "https:/", "//", "", "http:/x://", "ftp://x@y://"])
def test_a_password_is_not_repeated(key: str, before: str) -> None:
    """A password that somebody wrote into an address, whole or not, does not end up in messages and logs."""
    (line,) = problems(f'{key} = "{before}admin:s3cr@t/@host/metrics"')
    assert "s3cr" not in line
    assert "admin" not in line
    assert 'found "***@host/metrics"; allowed: ' in line


@pytest.mark.parametrize("key", ["source.password_file", "status.token_file", "status.key_file"])
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('"hunter2"', UNSEEN),
        ("20250131", "found a number"),
        ("2.5", "found a number"),
        ("2025-01-31", "found a date or time"),
        ('["hunter2"]', "found an array"),
    ],
)
def test_a_secret_in_the_place_of_its_file_is_not_repeated(key: str, value: str, shown: str) -> None:
    """Who writes a password where its file belongs is told so, and it stays out of messages and logs."""
    (line,) = problems(f"{key} = {value}")
    assert line.startswith(f"{FILE}: {key}: {shown}; allowed: an absolute path of up to 4095 bytes, ")


def test_a_password_beside_the_user_is_not_repeated() -> None:
    """Who writes user and password as one is told what a user's name is, and neither is in the message."""
    assert problems('source.user = "admin:hunter2"') == [
        f'{FILE}: source.user: {UNSEEN}; allowed: printable characters without ":", or ""'
    ]


def test_a_value_of_a_million_addresses_is_refused() -> None:
    """A file that is made to be hard to read holds the daemon up no longer than any other."""
    with pytest.raises(ConfigError, match=r"source\.url: found \"://://"):
        decode(b'[source]\nurl = "' + b"://" * 300_000 + b'"', where="xelinkd.toml")


@pytest.mark.parametrize("kind", ["rest", "auto"])
def test_rest_may_have_pin_and_password_beside_a_plain_page(kind: str) -> None:
    """What is for https is right as soon as one of the addresses in use has it: the page gets none of it."""
    text = f'source = {{kind = "{kind}", pin_file = "/p", user = "a", password_file = "/w"}}'
    assert decode(text.encode(), where=FILE).config.source.kind == kind
