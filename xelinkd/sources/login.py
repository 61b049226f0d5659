"""Credentials for HTTP basic authentication (RFC 7617); the password is read for each fetch, and not kept."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from msgspec import Struct

from xelinkd.config.small_file import read_secret

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
