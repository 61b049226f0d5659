"""Credentials for HTTP basic authentication (RFC 7617); the password is read for each fetch, and not kept."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from msgspec import Struct

from xelinkd.config.small_file import SecretError, read_secret
from xelinkd.net.credentials import strike

if TYPE_CHECKING:
    from pathlib import Path


class Login(Struct, frozen=True):
    """Who asks, and where the password is: the first line of a file, in UTF-8."""

    user: str
    password_file: Path


def authorization(login: Login) -> str:
    """Give the value of the header `Authorization`.

    Raises:
        SecretError: there is no password to be had.

    """
    password = read_secret(login.password_file)
    return "Basic " + base64.b64encode(login.user.encode() + b":" + password).decode("ascii")


def without_login(text: str, login: Login | None) -> str:
    """Strike the credentials out of what is told of a page, which may quote a line of it."""
    if login is None:
        return text
    try:
        return strike(text, {"Authorization": authorization(login)})
    except SecretError as error:  # gone since they were sent
        return f"what is wrong with the page cannot be told: {error}"
