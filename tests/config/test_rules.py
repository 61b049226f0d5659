"""What single keys allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from xelinkd.config.duration import Duration
from xelinkd.config.rules import (
    ABSOLUTE_OR_EMPTY,
    FEATURE_FILE_PATH,
    FINGERPRINT,
    FOLDER,
    LABEL_NAMESPACE,
    OUTPUT_FILE,
    PASSWORD_FILE,
    USER_NAME,
    Rule,
    duration,
    whole_number,
)


@pytest.mark.parametrize(
    "name",
    [
        "gpu.intel.com",
        "a",
        "0-0.example",
        "feature.node.kubernetes.io",
        "x.feature.node.kubernetes.io",
        "profile.node.kubernetes.io",
        "x.profile.node.kubernetes.io",
        "notkubernetes.io",
        "a" * 253,
    ],
)
def test_namespaces_that_nfd_takes(name: str) -> None:
    """Every namespace that Node Feature Discovery lets through can be configured."""
    assert LABEL_NAMESPACE.holds(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "kubernetes.io",
        "node.kubernetes.io",
        "xfeature.node.kubernetes.io",
        "GPU.intel.com",
        "gpu_intel",
        ".com",
        "com.",
        "a..b",
        "-a",
        "a-",
        "a.com\n",
        "a/b",
        "a" * 254,
    ],
)
def test_namespaces_that_nfd_drops(name: str) -> None:
    """A namespace whose labels would never reach the node is refused at once."""
    assert not LABEL_NAMESPACE.holds(name)


@pytest.mark.parametrize("rule", [ABSOLUTE_OR_EMPTY, PASSWORD_FILE])
def test_paths_as_long_as_linux_takes_them(rule: Rule) -> None:
    """A path that no file can have is refused, counted in bytes as the kernel counts."""
    assert rule.holds("/" + "a" * 4094)
    assert not rule.holds("/" + "a" * 4095)
    assert not rule.holds("/" + "é" * 2048)
    for of_paths in (FEATURE_FILE_PATH, FOLDER, OUTPUT_FILE):
        assert of_paths.holds(Path("/" + "a" * 4094))
        assert not of_paths.holds(Path("/" + "a" * 4095))


@pytest.mark.parametrize("path", ["features.d/x.txt", "/features.d/.x", "/", "/a/..", "/a\0b", "", "/\udcff"])
def test_feature_files_that_nfd_never_reads(path: str) -> None:
    """A feature file that Node Feature Discovery would not read is refused at once."""
    assert not FEATURE_FILE_PATH.holds(Path(path))


@pytest.mark.parametrize(
    ("path", "holds"), [("", True), ("/etc/ca.pem", True), ("ca.pem", False), ("/a\0", False)]
)
def test_optional_paths(path: str, *, holds: bool) -> None:
    """A path that is optional is empty or the same wherever the daemon is started."""
    assert ABSOLUTE_OR_EMPTY.holds(path) is holds


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ("", True),
        ("/etc/xpum/password", True),
        ("$CREDENTIALS_DIRECTORY/xpum", True),
        ("$CREDENTIALS_DIRECTORY", False),
        ("$HOME/password", False),
        ("password", False),
        ("/a\0", False),
    ],
)
def test_places_for_a_password(path: str, *, holds: bool) -> None:
    """A password is in a file of its own or a credential of systemd, wherever xelinkd is started."""
    assert PASSWORD_FILE.holds(path) is holds


@pytest.mark.parametrize(
    ("name", "holds"), [("", True), ("xpumadmin", True), ("a:b", False), ("a\nb", False)]
)
def test_user_names(name: str, *, holds: bool) -> None:
    """A user whose name could not be told from the password is refused at once."""
    assert USER_NAME.holds(name) is holds


def test_ranges_include_their_ends() -> None:
    """The limits that a message names are allowed values themselves."""
    span, number = duration("100ms", "7d"), whole_number("MiB", 1, 1024)
    assert [span.holds(Duration(seconds)) for seconds in (0.099, 0.1, 604_800, 604_801)] == [0, 1, 1, 0]
    assert [number.holds(count) for count in (0, 1, 1024, 1025)] == [0, 1, 1, 0]


@pytest.mark.parametrize("text", ["", "0f" * 32, "0F" * 32, ":".join(["aB"] * 32)])
def test_fingerprints(text: str) -> None:
    """A SHA-256 may be copied from OpenSSL, from a browser or from `xelinkd trust`."""
    assert FINGERPRINT.holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "0f" * 31,
        "0f" * 33,
        "0g" * 32,
        "0f" * 20,
        ":".join(["ab"] * 31),
        "0f:" * 32,
        "SHA256:abc",
        "0f" * 32 + "\n",
    ],
)
def test_what_is_no_fingerprint(text: str) -> None:
    """A SHA-1, a part of a SHA-256 or the fingerprint of a key is refused: it could never match."""
    assert not FINGERPRINT.holds(text)
