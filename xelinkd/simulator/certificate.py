"""A certificate like the one that XPU Manager's keytool makes: signed by itself, and without a name."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_SUBJECT: Final = "/ST=Unknown/O=XPUM"
_DAYS: Final = "548"


class NoCertificateError(Exception):
    """A certificate cannot be made here; the text says why."""


def make_certificate(folder: Path) -> Path:
    """Make certificate and key with the program `openssl`, in one PEM file in this folder.

    The key is of another kind than the keytool's (RSA, 3072 bits), which takes a second to be made.
    Raises NoCertificateError if there is no such program, or if it fails.
    """
    program = shutil.which("openssl")
    if program is None:
        raise NoCertificateError("there is no program `openssl` to make a certificate with")
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "xpum.pem"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    files = ("-keyout", str(key), "-out", str(certificate))
    command = (program, "req", "-x509", "-sha512", *curve, "-days", _DAYS, "-subj", _SUBJECT, *files)
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  as above
    if done.returncode:
        raise NoCertificateError(f"openssl: {done.stderr.decode(errors='replace').strip()}")
    both.touch(mode=0o600)
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    return both
