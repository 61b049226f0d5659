"""Credentials on their way to the source."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from support.pages import fetched

from xelinkd.config.small_file import SecretError
from xelinkd.model.observation import Unknown
from xelinkd.model.page import read_parts
from xelinkd.model.unknown import Reason
from xelinkd.net.failure import FetchError
from xelinkd.sources.login import Login, authorization
from xelinkd.sources.place import Place
from xelinkd.sources.source import HttpSource

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def login(tmp_path: Path) -> Login:
    """Give a user whose password is in no file yet."""
    return Login("xpumadmin", tmp_path / "password")


@pytest.mark.parametrize("content", [b"a:b c", b"a:b c\n", b"a:b c\r\n", b"a:b c\na note\n"])
def test_the_first_line_is_the_password(login: Login, content: bytes) -> None:
    """However an editor ends the file, the password is what a person typed in its first line."""
    login.password_file.write_bytes(content)
    assert base64.b64decode(authorization(login).removeprefix("Basic ")) == b"xpumadmin:a:b c"


def test_a_file_without_a_password_is_an_error(login: Login) -> None:
    """An empty, missing or unfit file is never sent as a password, and is named."""
    with pytest.raises(SecretError, match="password: No such file"):
        authorization(login)
    login.password_file.write_bytes(b"\nsecond")
    with pytest.raises(SecretError, match="password: its first line is empty"):
        authorization(login)
    login.password_file.unlink()
    os.mkfifo(login.password_file)
    with pytest.raises(SecretError, match="password: is a FIFO"):
        authorization(login)


def test_a_refused_password_is_told(
    serve: Callable[..., int],
    make_certificate: Callable[..., tuple[Path, ssl.SSLContext]],
    login: Login,
) -> None:
    """The password that was sent is refused: that has a reason of its own, with the user and the file."""
    login.password_file.write_text("wrong")
    ca_file, context = make_certificate()
    requests: list[bytes] = []
    answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    port = serve(answer, context=context, requests=requests)
    source = Place(f"https://127.0.0.1:{port}/metrics", 20, str(ca_file), 1 << 20, login)
    with pytest.raises(FetchError) as caught:
        fetched(source)
    assert caught.value.reason is Reason.UNAUTHORIZED
    assert f"user 'xpumadmin' or the password in {login.password_file} is refused" in caught.value.detail
    assert requests[0].count(b"Authorization: Basic ") == 1


def test_no_password_without_encryption(login: Login) -> None:
    """A source that would send the password to an unverified server cannot be made."""
    with pytest.raises(ValueError, match="https only"):
        Place("http://127.0.0.1:29999/metrics", 5, None, 1 << 20, login)


_PASSWORD = "hunter2>?~secret"  # noqa: S105  no secret
_QUOTED = "p\\q'\"ä"  # each of these is written otherwise where it is quoted
_TOKEN = base64.b64encode(f"xpumadmin:{_PASSWORD}".encode()).decode()
_HEAD = b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b"


def _reflecting(status: str, header: str = "", body: str = "") -> bytes:
    return _HEAD % (status.encode(), len(body), header.encode(), body.encode())


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(
            _reflecting("500 X", body=f"bad: Basic {_TOKEN}"), "status 500, 'bad: Basic ***'", id="body"
        ),
        pytest.param(
            _reflecting("500 X", body="x" * 180 + f"Basic {_TOKEN}"), "xBasic ***'", id="body that is long"
        ),
        pytest.param(
            _reflecting("400 X", body=f"{_TOKEN[:-9]} is bad"), "'*** is bad'", id="a part in the body"
        ),
        pytest.param(_reflecting("500 X", body=f"who is {_PASSWORD}"), "'who is ***'", id="bare password"),
        pytest.param(
            _reflecting("302 X", f"Location: /?a=Basic%20{quote(_TOKEN, safe='')}&b=c\r\n"),
            "'/?a=Basic%20***&b=c'",
            id="redirect",
        ),
        pytest.param(f"HTTP/1.1 2xx Basic {_TOKEN}\r\n\r\n".encode(), "Basic ***", id="status"),
        pytest.param(
            _reflecting("200 X", f"Content-Encoding: {_TOKEN}\r\n"), "encoded as '***'", id="encoding"
        ),
        pytest.param(_reflecting("200 X", f"Basic {_TOKEN}\r\n"), "Basic ***", id="header"),
        pytest.param(
            f"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n{_TOKEN}\r\n".encode(),
            "***",
            id="chunk size",
        ),
    ],
)
def test_a_reflected_password_is_not_told(
    serve: Callable[..., int],
    make_certificate: Callable[..., tuple[Path, ssl.SSLContext]],
    login: Login,
    answer: bytes,
    told: str,
) -> None:
    """A server that sends our credentials back, wherever it puts them, does not bring them into the log."""
    login.password_file.write_text(_PASSWORD)
    ca_file, context = make_certificate()
    port = serve(answer, context=context)
    with pytest.raises(FetchError) as caught:
        fetched(Place(f"https://127.0.0.1:{port}/metrics", 20, str(ca_file), 1 << 20, login))
    assert told in caught.value.detail
    assert _TOKEN[:8] not in caught.value.detail
    assert _PASSWORD not in caught.value.detail


@pytest.mark.parametrize("password", [_PASSWORD, _QUOTED])
def test_a_password_on_a_page_is_not_told(
    serve: Callable[..., int],
    make_certificate: Callable[..., tuple[Path, ssl.SSLContext]],
    login: Login,
    password: str,
) -> None:
    """A line of a page that is quoted is quoted without our credentials."""
    login.password_file.write_text(password)
    ca_file, context = make_certificate()
    token = base64.b64encode(f"xpumadmin:{password}".encode()).decode()
    line = f"xpum_topology_link{{Basic {token} {password}\n"
    port = serve(_reflecting("200 X", body=line), context=context)
    place = Place(f"https://127.0.0.1:{port}/metrics", 20, str(ca_file), 1 << 20, login)
    told = HttpSource(place, read_parts).look().outcome
    assert isinstance(told, Unknown)
    assert told.reason is Reason.MALFORMED
    assert "'xpum_topology_link{Basic *** ***'" in told.detail


def test_a_password_in_a_line_that_is_none_is_not_told(
    serve: Callable[..., int], make_certificate: Callable[..., tuple[Path, ssl.SSLContext]], login: Login
) -> None:
    """A password that is spelled otherwise where we quote it is known there, too."""
    login.password_file.write_text(_QUOTED)
    ca_file, context = make_certificate()
    port = serve(_reflecting("200 X", f"who is {_QUOTED}\r\n"), context=context)
    with pytest.raises(FetchError) as caught:
        fetched(Place(f"https://127.0.0.1:{port}/metrics", 20, str(ca_file), 1 << 20, login))
    assert "who is ***" in caught.value.detail
