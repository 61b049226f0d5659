"""Credentials on their way to the source."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

import pytest
from support.pages import fetched

from xelinkd.config.small_file import SecretError
from xelinkd.model.unknown import Reason
from xelinkd.net.failure import FetchError
from xelinkd.sources.login import Login, authorization
from xelinkd.sources.place import Place

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
