"""The source's URL and its parts."""

from __future__ import annotations

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from xelinkd.config.url import MAX_LENGTH, is_https, is_url, with_https, with_port
from xelinkd.model.observation import MAX_DETAIL_LENGTH

URLS = st.from_regex(
    r"https?://([a-z0-9.-]{1,9}|\[::[0-9a-f]{1,4}\])(:[0-9]{1,5})?([/?][!$-~]{0,9})?", fullmatch=True
)


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:29999/metrics",
        "https://xpum.example",
        "http://localhost?x=1",
        "http://[::1]:8080/",
        "http://node_1:1/a%20b",
    ],
)
def test_web_addresses_are_taken(text: str) -> None:
    """Names, IPv4 and IPv6 addresses, ports, paths and queries can all be configured."""
    assert is_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:29999/metrics",
        "ftp://host/",
        "http://",
        "http:///metrics",
        "http://host:0/",
        "http://host:65536/",
        "http://host:port/",
        "http://host:/",
        "http://user:secret@host/",
        "http://host/#part",
        "http://ho st/",
        "http://host/\n",
        "http://hôte/",
        "http://[::1/",
        "http://[1.2.3.4]/",
        "http://[:::]/",
    ],
)
def test_what_cannot_be_fetched_is_refused(text: str) -> None:
    """A URL that could not be fetched, or would put a password into the logs, is refused at once."""
    assert not is_url(text)


def test_addresses_are_told_whole() -> None:
    """An address that would not fit into what a fetcher tells of itself is refused, and does not end it."""
    longest = "http://host/" + "a" * (MAX_LENGTH - 12)
    assert is_url(longest)
    assert not is_url(longest + "a")
    assert MAX_LENGTH <= MAX_DETAIL_LENGTH


@given(URLS.filter(is_url))
def test_urllib3_agrees(url: str) -> None:
    """Whatever passes for a URL here, the fetcher can use."""
    parsed = urllib3.util.parse_url(url)
    assert parsed.host
    assert parsed.scheme == ("https" if is_https(url) else "http")


@given(URLS.filter(is_url), st.integers(1, 65_535))
def test_the_port_changes_alone(url: str, port: int) -> None:
    """Another port leaves host and path as they were."""
    before, after = urllib3.util.parse_url(url), urllib3.util.parse_url(with_port(url, port))
    assert after.port == port
    assert before._replace(port=None) == after._replace(port=None)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:29999/metrics", "https://127.0.0.1:29999/metrics"),
        ("https://host/", "https://host/"),
        ("nonsense", "nonsense"),
    ],
)
def test_the_scheme_changes_alone(url: str, expected: str) -> None:
    """Encryption is switched on without touching the rest."""
    assert with_https(url) == expected


def test_no_url_stays_no_url() -> None:
    """A mistake in the URL is shown as it was written, whatever the flags add."""
    assert with_port("nonsense", 1) == "nonsense"
