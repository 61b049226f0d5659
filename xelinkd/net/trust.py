"""Whom a TLS connection trusts: the certificates of a PEM file, pinned ones, or the system's CAs."""

from __future__ import annotations

import encodings.idna  # noqa: F401  (ssl loads it at the first handshake: too late for a confined worker)
import hashlib
import re
import ssl
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xelinkd.config.small_file import UnfitFileError, read_small_file
from xelinkd.net.pin import CaFileError

if TYPE_CHECKING:
    from xelinkd.net.pin import Pin

_UNFIT: Final = (OSError, ValueError, UnfitFileError)  # ssl.SSLError is an OSError
_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Give the context that trusts exactly the certificates in `ca_file`, or the system's CAs (None).

    TLS 1.2 or newer; the server's certificate must carry the name (or IP address) that we connect to.
    The file is read at each call, so that a rotated one counts at once; the system's CAs are read once.

    Raises:
        CaFileError: `ca_file` cannot be read or holds no certificate.

    """
    if ca_file is None:
        return _system()
    try:
        return _kept(_read(ca_file))
    except _UNFIT as error:
        raise CaFileError(f"{ca_file}: {error}") from error


def trust_alone(cert_file: str) -> ssl.SSLContext:
    """Give a context that trusts one server: whoever has the key of the first certificate in `cert_file`.

    Which name that certificate carries does not matter; what else is in the file is not trusted.

    Raises:
        CaFileError: `cert_file` cannot be read or holds no certificate.

    """
    try:
        context = _trusting(_first_certificate(_read(cert_file)))
    except _UNFIT as error:
        raise CaFileError(f"{cert_file}: {error}") from error
    context.check_hostname = False
    return context


def trust_pinned(pin: Pin) -> ssl.SSLContext:
    """Give a context that trusts the pinned certificates as themselves, and nobody else.

    Names, dates and signatures do not matter: the handshake proves that the server has the certificate's key,
    and ends before anything is sent if that is not pinned. The file is read at each call.

    Raises:
        CaFileError: the file cannot be read or holds no certificate.

    """
    return _demanding(pinned_digests(pin))


def pinned_digests(pin: Pin) -> frozenset[bytes]:
    """Give the SHA-256 of each certificate that is pinned.

    Raises:
        CaFileError: the file cannot be read or holds no certificate.

    """
    if pin.fingerprint:
        return frozenset({bytes.fromhex(pin.fingerprint.replace(":", ""))})
    try:
        found = _CERTIFICATE.findall(_read(pin.file))
        digests = frozenset(map(_digest, found))
    except _UNFIT as error:
        raise CaFileError(f"{pin.file}: {error}") from error
    if not digests:
        raise CaFileError(f"{pin.file}: it holds no certificate")
    return digests


def _digest(pem: str) -> bytes:
    certificate = ssl.PEM_cert_to_DER_cert(pem)
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificate)  # that it is one at all
    return digest_of(certificate)


def digest_of(certificate: bytes) -> bytes:
    """Give the SHA-256 of a certificate in DER."""
    return hashlib.sha256(certificate).digest()


def fingerprint_of(digest: bytes) -> str:
    """Write a digest as OpenSSL does: `AB:CD:...`."""
    return digest.hex(":").upper()


class _DemandingContext(ssl.SSLContext):
    """Wants one of some certificates; what it makes cannot be used without that."""

    digests: frozenset[bytes]


class _DemandingSocket(ssl.SSLSocket):
    """Ends its handshake with an error if the server has another certificate."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002  as the base class has it
        super().do_handshake(block)
        shown = self.getpeercert(binary_form=True)
        digest = digest_of(shown) if shown else b""
        if not isinstance(self.context, _DemandingContext) or digest not in self.context.digests:
            found = fingerprint_of(digest)
            raise ssl.SSLCertVerificationError(1, f"it is not the pinned one, but has the SHA-256 {found}")


@lru_cache(maxsize=1)
def _demanding(digests: frozenset[bytes]) -> ssl.SSLContext:
    context = _DemandingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # OpenSSL knows chains and names; the socket compares instead
    context.sslsocket_class = _DemandingSocket
    context.digests = digests
    return context


def _first_certificate(pem: str) -> str:
    end = "-----END CERTIFICATE-----"
    return pem[pem.find("-----BEGIN CERTIFICATE-----") : pem.find(end) + len(end)]


def _read(ca_file: str) -> str:
    return read_small_file(Path(ca_file)).decode("ascii", errors="ignore")  # comments may be in any script


@lru_cache(maxsize=1)
def _kept(pem: str) -> ssl.SSLContext:
    return _trusting(pem)


def _trusting(pem: str) -> ssl.SSLContext:
    context = _context()
    context.load_verify_locations(cadata=pem)
    return context


def _context() -> ssl.SSLContext:
    # Partial chain: a certificate in the file is trusted as itself, also where it is not a CA.
    # Not strict: cert-manager's self-signed leaf has no key identifiers, which Python 3.13 would refuse.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_alpn_protocols(["http/1.1"])
    return context


@cache
def _system() -> ssl.SSLContext:
    # Not at import: the system's store takes 3 MB, and most fetchers never need it.
    context = _context()
    context.load_default_certs()
    return context
