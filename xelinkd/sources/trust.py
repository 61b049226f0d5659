"""Whom a TLS connection trusts: the certificates of one PEM file and no others, or the system's CAs."""

from __future__ import annotations

import ssl
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from urllib3.util import create_urllib3_context

_MAX_PEM_SIZE: Final = 1024 * 1024  # bytes; a certificate takes 2,000


class CaFileError(Exception):
    """The CA file cannot be read, or holds no certificate."""


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
        return _pinned(_read(ca_file))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise CaFileError(f"{ca_file}: {error}") from error


def trust_alone(cert_file: str) -> ssl.SSLContext:
    """Give a context that trusts one server: whoever has the key of the first certificate in `cert_file`.

    Which name that certificate carries does not matter; what else is in the file is not trusted.

    Raises:
        CaFileError: `cert_file` cannot be read or holds no certificate.

    """
    try:
        context = _trusting(_first_certificate(_read(cert_file)))
    except (OSError, ValueError) as error:
        raise CaFileError(f"{cert_file}: {error}") from error
    context.check_hostname = False
    return context


def _first_certificate(pem: str) -> str:
    end = "-----END CERTIFICATE-----"
    return pem[pem.find("-----BEGIN CERTIFICATE-----") : pem.find(end) + len(end)]


def _read(ca_file: str) -> str:
    with Path(ca_file).open("rb") as file:
        return file.read(_MAX_PEM_SIZE).decode("ascii", errors="ignore")  # comments may be in any script


@lru_cache(maxsize=1)
def _pinned(pem: str) -> ssl.SSLContext:
    return _trusting(pem)


def _trusting(pem: str) -> ssl.SSLContext:
    context = _context()
    context.load_verify_locations(cadata=pem)
    return context


def _context() -> ssl.SSLContext:
    # Partial chain: a certificate in the file is trusted as itself, also where it is not a CA.
    # Not strict: cert-manager's self-signed leaf has no key identifiers, which Python 3.13 would refuse.
    context = create_urllib3_context(verify_flags=ssl.VERIFY_X509_PARTIAL_CHAIN)
    context.set_alpn_protocols(["http/1.1"])
    return context


@cache
def _system() -> ssl.SSLContext:
    # Not at import: the system's store takes 3 MB, and most fetchers never need it.
    context = _context()
    context.load_default_certs()
    return context
