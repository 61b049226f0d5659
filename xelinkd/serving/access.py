"""Who is answered: the bearer token, the certificates, and the names that the server goes by."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from xelinkd.config.rules import address_and_port
from xelinkd.config.small_file import SecretError, read_secret
from xelinkd.config.url import is_address

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from xelinkd.config.schema import Status

_TOKEN: Final = re.compile(rb"[0-9A-Za-z._~+/-]+=*")  # RFC 6750
_BEARER: Final = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +(?P<token>[!-~]+)")


class AccessError(Exception):
    """The TLS material cannot be had; the text says which file, why, and what to do."""


class Access(Struct, frozen=True):
    """Who is answered.

    `token`: None asks for none; `problem`: why there is none that could be asked for. `context`: None is
    plain HTTP. `takes_certificates`: one by the client CA stands for a token. `by_address`: only who names an
    address (or localhost) as the host is answered.
    """

    token: bytes | None
    context: ssl.SSLContext | None
    takes_certificates: bool
    by_address: bool
    problem: str = ""

    def admits(self, authorization: bytes, *, has_certificate: bool) -> bool:
        """Tell whether a client may see what not everybody may."""
        if self.token is None and not self.takes_certificates:
            return not self.problem
        if self.takes_certificates and has_certificate:
            return True
        bearer = _BEARER.fullmatch(authorization)
        return bool(self.token and bearer and hmac.compare_digest(bearer["token"], self.token))

    def goes_by(self, host: str) -> bool:
        """Tell whether the server is meant where a request names this host ("": none).

        A page on the web can make a browser on this node ask us under a name of the page's own, and read the
        answer (DNS rebinding). It cannot make it use an address for a name, and localhost is nobody's.
        """
        return not self.by_address or host in {"", "localhost"} or is_address(host)


def load_access(status: Status) -> Access:
    """Read what the configuration names.

    Raises:
        AccessError: the certificates cannot be had: nobody can be answered.

    """
    token, problem = _token(status.token_path) if status.token_path else (None, "")
    return Access(
        token=token,
        problem=problem,
        context=_context(status) if status.cert_file else None,
        takes_certificates=bool(status.client_ca_file),
        by_address=address_and_port(status.listen)[0].is_loopback,
    )


def _token(path: Path) -> tuple[bytes | None, str]:
    """Give the token, or why there is none: the probes are answered all the same."""
    try:
        token = read_secret(path)
    except SecretError as error:
        return None, str(error)
    if _TOKEN.fullmatch(token) is None:
        return None, f"{path}: its first line is no bearer token: letters, digits and -._~+/= make one"
    return token, ""


def _context(status: Status) -> ssl.SSLContext:
    import ssl  # noqa: PLC0415  where there is no certificate, OpenSSL is not loaded

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    _load_certificate(context, status)
    if status.client_ca_file:
        _ask_for_certificates(context, status.client_ca_file)
    return context


def _load_certificate(context: ssl.SSLContext, status: Status) -> None:
    key = status.key_path
    try:
        # A password: or OpenSSL asks for one on the terminal where the key is encrypted.
        context.load_cert_chain(status.cert_file, key, password="")
    except OSError as error:  # ssl.SSLError among them
        raise AccessError(
            f"{status.cert_file}, {key}: these must be a certificate and its key, as PEM ({error})"
        ) from error


def _ask_for_certificates(context: ssl.SSLContext, ca_file: str) -> None:
    import ssl  # noqa: PLC0415  as above

    context.verify_mode = ssl.CERT_OPTIONAL  # a kubelet's probe has none
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # what is in the file is trusted as itself
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        raise AccessError(f"{ca_file}: this must hold certificates, as PEM ({error})") from error
