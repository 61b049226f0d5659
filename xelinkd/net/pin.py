"""What a server over TLS is known by; `trust` makes use of it, and is loaded where there is TLS only."""

from __future__ import annotations

from msgspec import Struct


class CaFileError(Exception):
    """The file of what is trusted cannot be read, or holds no certificate."""


class Pin(Struct, frozen=True):
    """What the server must show: one of the certificates in a PEM file, or the one with this SHA-256."""

    file: str = ""
    fingerprint: str = ""
