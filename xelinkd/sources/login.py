"""Credentials for HTTP basic authentication (RFC 7617); the password is read for each fetch, and not kept."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xelinkd.config.small_file import UnfitFileError, read_small_file

if TYPE_CHECKING:
    from pathlib import Path


class PasswordFileError(Exception):
    """The password file cannot be read, or holds no password."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks, and where the password is: the first line of a file, in UTF-8."""

    user: str
    password_file: Path


def authorization(login: Login) -> str:
    """Give the value of the header `Authorization`.

    Raises:
        PasswordFileError: there is no password to be had.

    """
    try:
        password = read_small_file(login.password_file).partition(b"\n")[0].rstrip(b"\r")
    except OSError as error:
        raise PasswordFileError(f"{login.password_file}: {error.strerror}") from error
    except UnfitFileError as error:
        raise PasswordFileError(f"{login.password_file}: {error}") from error
    if not password:
        raise PasswordFileError(f"{login.password_file}: its first line is empty")
    return "Basic " + base64.b64encode(login.user.encode() + b":" + password).decode("ascii")
