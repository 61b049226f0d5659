"""Certificates, good and bad, for a source that speaks TLS."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

import trustme

if TYPE_CHECKING:
    from pathlib import Path

    from faults.rig import Rig

_HOST: Final = "127.0.0.1"
_A_DAY: Final = timedelta(days=1)


@cache
def authority() -> trustme.CA:
    """Give the authority that the daemon trusts."""
    return trustme.CA()


@cache
def stranger() -> trustme.CA:
    """Give an authority that it does not trust."""
    return trustme.CA()


def certified(issuer: trustme.CA, name: str = _HOST, valid_for: timedelta = _A_DAY) -> ssl.SSLContext:
    """Give a server's context with a certificate, valid since two days ago and for so long from now."""
    now = datetime.now(UTC)
    certificate = issuer.issue_cert(name, not_before=now - 2 * _A_DAY, not_after=now + valid_for)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def expired() -> ssl.SSLContext:
    """Give a context whose certificate was valid until an hour ago."""
    return certified(authority(), valid_for=timedelta(hours=-1))


def misnamed() -> ssl.SSLContext:
    """Give a context whose certificate is for another host."""
    return certified(authority(), "127.0.0.2")


def suspicious() -> ssl.SSLContext:
    """Give a context that wants a certificate of its client, too."""
    context = certified(authority())
    authority().configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def speak_tls(rig: Rig) -> None:
    """Have the source speak TLS and the daemon trust it, from the start."""
    rig.source.speak_tls(certified(authority()))
    trust(rig, authority())
    rig.daemon.configure(source={"url": rig.source.url("https"), "ca_file": str(_ca_file(rig))})


def trust(rig: Rig, issuer: trustme.CA) -> None:
    """Replace the file of what the daemon trusts, by a rename."""
    staged = _ca_file(rig).with_suffix(".new")
    staged.write_bytes(issuer.cert_pem.bytes())
    staged.rename(_ca_file(rig))


def _ca_file(rig: Rig) -> Path:
    return rig.folder / "ca.pem"
