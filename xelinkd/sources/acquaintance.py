"""Getting to know a server: the certificate that it shows, asked for without sending anything."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from urllib3.util import parse_url

from xelinkd.model.printable import printable
from xelinkd.net.bounded_http import secured
from xelinkd.net.deadline import Deadline
from xelinkd.net.failure import FAILURES, failure
from xelinkd.net.trust import digest_of, fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Mapping

# OpenSSL 3.0, x509_vfy.h: who looks at a certificate wants to see one that has run out, too.
_NO_CHECK_TIME: Final = 0x200000


class Certificate(Struct, frozen=True):
    """What a server shows: its certificate as PEM, and what stands in it."""

    pem: str
    subject: str
    names: tuple[str, ...]
    not_before: str
    not_after: str

    @property
    def digest(self) -> bytes:
        """Its SHA-256."""
        return digest_of(ssl.PEM_cert_to_DER_cert(self.pem))

    @property
    def fingerprint(self) -> str:
        """Its SHA-256, as OpenSSL writes it."""
        return fingerprint_of(self.digest)


def shown_by(url: str, seconds: float) -> Certificate:
    """Shake hands with a server twice: to have its certificate, and to have it read.

    `seconds` is for both. Python reads certificates only that it trusts: hence the second handshake.

    Raises:
        FetchError: there is no server, or no TLS; its reason tells why.

    """
    try:
        deadline = Deadline(time.monotonic() + seconds, time.monotonic)
        with secured(parse_url(url), _trusting_anybody(), deadline) as first:
            pem = ssl.DER_cert_to_PEM_cert(first.getpeercert(binary_form=True) or b"")
        with secured(parse_url(url), _trusting_this(pem), deadline) as second:
            return _certificate(pem, second.getpeercert() or {})
    except FAILURES as error:
        raise failure(url, error) from error


def _trusting_anybody() -> ssl.SSLContext:
    """Give a context for a connection on which nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _trusting_this(pem: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags = ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME)
    context.load_verify_locations(cadata=pem)
    return context


def _certificate(pem: str, read: Mapping[str, Any]) -> Certificate:
    """Take what there is to know from the form that `ssl` gives a certificate."""
    subject = ", ".join(f"{name}={value}" for part in read.get("subject", ()) for name, value in part)
    names = tuple(printable(f"{kind}:{value}") for kind, value in read.get("subjectAltName", ()))
    return Certificate(pem, printable(subject), names, str(read["notBefore"]), str(read["notAfter"]))
