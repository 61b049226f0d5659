"""HTTPS trusts exactly what it is told to trust."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
from typing import TYPE_CHECKING

import pytest
import trustme
from support.pages import fetched

from xelinkd.model.unknown import Reason
from xelinkd.net.failure import FetchError
from xelinkd.net.pin import Pin
from xelinkd.sources.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Serve = Callable[..., int]
    MakeCertificate = Callable[..., tuple[Path, ssl.SSLContext]]

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nxpum"


def _source(port: int, ca_file: Path | None, host: str = "127.0.0.1") -> Place:
    return Place(f"https://{host}:{port}/metrics", 20, str(ca_file) if ca_file else None, 100_000)


def _reason(source: Place) -> Reason:
    with pytest.raises(FetchError) as caught:
        fetched(source)
    return caught.value.reason


def _server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def _pem(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def test_a_certificate_of_cert_manager_is_trusted_as_itself(
    serve: Serve, make_certificate: MakeCertificate
) -> None:
    """The self-signed certificate of a Kubernetes installation works on every supported Python."""
    pem, context = make_certificate()
    assert fetched(_source(serve(_ANSWER, context=context), pem)) == b"xpum"


def test_a_certificate_of_a_trusted_authority_is_trusted(serve: Serve, tmp_path: Path) -> None:
    """A site's own authority works, for IP addresses and for names."""
    authority = trustme.CA()
    port = serve(_ANSWER, context=_server_context(authority, "127.0.0.1", "localhost"))
    pem = _pem(authority, tmp_path)
    assert fetched(_source(port, pem)) == b"xpum"
    assert fetched(_source(port, pem, host="localhost")) == b"xpum"


def test_a_certificate_that_an_authority_issued_can_be_pinned(serve: Serve, tmp_path: Path) -> None:
    """The file may hold the server's own certificate without the authority that signed it."""
    issued = trustme.CA().issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    issued.cert_chain_pems[0].write_to_path(tmp_path / "leaf.pem")
    assert fetched(_source(serve(_ANSWER, context=context), tmp_path / "leaf.pem")) == b"xpum"


def test_no_other_certificate_is_trusted(
    serve: Serve, tmp_path: Path, make_certificate: MakeCertificate
) -> None:
    """A server with a certificate of anybody else is refused, with a CA file and without."""
    port = serve(_ANSWER, context=make_certificate()[1])
    assert _reason(_source(port, make_certificate()[0])) is Reason.TLS_CERTIFICATE
    assert _reason(_source(port, _pem(trustme.CA(), tmp_path))) is Reason.TLS_CERTIFICATE
    assert _reason(_source(port, None)) is Reason.TLS_CERTIFICATE


def test_a_certificate_for_another_name_is_refused(serve: Serve, make_certificate: MakeCertificate) -> None:
    """A trusted certificate counts only for the host in the URL."""
    pem, context = make_certificate(address="127.0.0.2")
    assert _reason(_source(serve(_ANSWER, context=context), pem)) is Reason.TLS_CERTIFICATE


def test_a_certificate_that_has_expired_is_refused(serve: Serve, make_certificate: MakeCertificate) -> None:
    """A trusted certificate counts only as long as it is valid."""
    pem, context = make_certificate(valid_days=1)
    assert _reason(_source(serve(_ANSWER, context=context), pem)) is Reason.TLS_CERTIFICATE


def test_a_rotated_certificate_counts_at_once(
    serve: Serve, tmp_path: Path, make_certificate: MakeCertificate
) -> None:
    """When cert-manager rotates the certificate, the next fetch trusts the new one and not the old one."""
    (old_pem, old), (new_pem, new) = make_certificate(), make_certificate()
    old_port, new_port = serve(_ANSWER, context=old), serve(_ANSWER, context=new)
    mounted = tmp_path / "mounted.pem"
    shutil.copy(old_pem, mounted)
    assert fetched(_source(old_port, mounted)) == b"xpum"
    assert _reason(_source(new_port, mounted)) is Reason.TLS_CERTIFICATE
    shutil.copy(new_pem, mounted)
    assert fetched(_source(new_port, mounted)) == b"xpum"
    assert _reason(_source(old_port, mounted)) is Reason.TLS_CERTIFICATE


def test_a_file_may_hold_several_certificates_and_words(
    serve: Serve, make_certificate: MakeCertificate
) -> None:
    """While a certificate is rotated the file may hold both, with comments in any script."""
    (pem, context), (other_pem, _) = make_certificate(), make_certificate()
    pem.write_text("# größer: 证书\n" + other_pem.read_text() + "\n" + pem.read_text(), encoding="utf-8")
    assert fetched(_source(serve(_ANSWER, context=context), pem)) == b"xpum"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"certificate", id="no PEM"),
        pytest.param(b"\xff\x00" * 999, id="binary"),
        pytest.param(b"-----BEGIN CERTIFICATE-----\nMIIB", id="half a certificate"),
        pytest.param(b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", id="bad certificate"),
        pytest.param(b"x" * 3_000_000, id="large"),
    ],
)
def test_a_file_without_certificates_is_told(tmp_path: Path, content: bytes) -> None:
    """A CA file that holds no certificate is named, and nobody is asked."""
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(FetchError, match=r"ca\.pem") as caught:
        fetched(_source(1, path))
    assert caught.value.reason is Reason.CA_UNREADABLE


def test_a_file_is_never_taken_in_part(make_certificate: MakeCertificate) -> None:
    """A CA file that is too large is told, instead of trusting what its start holds."""
    pem, _ = make_certificate()
    pem.write_text(pem.read_text() + "x" * (1 << 20))
    with pytest.raises(FetchError, match="larger than") as caught:
        fetched(_source(1, pem))
    assert caught.value.reason is Reason.CA_UNREADABLE


@pytest.mark.parametrize("kind", ["ca", "pin"])
def test_a_fifo_holds_nobody(tmp_path: Path, kind: str) -> None:
    """A FIFO in the place of a file of certificates is told, and the fetcher waits for no writer."""
    path = tmp_path / "x.pem"
    os.mkfifo(path)
    pin = Pin(str(path)) if kind == "pin" else None
    with pytest.raises(FetchError, match=r"x\.pem: is a FIFO") as caught:
        fetched(Place("https://127.0.0.1:1/metrics", 20, str(path), 100_000, pin=pin))
    assert caught.value.reason is Reason.CA_UNREADABLE


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A missing CA file, as in the middle of a rotation, ends one fetch and no more."""
    assert _reason(_source(1, tmp_path / "missing.pem")) is Reason.CA_UNREADABLE
    assert _reason(_source(1, tmp_path)) is Reason.CA_UNREADABLE


def test_plain_http_where_tls_is_expected_is_told(serve: Serve, make_certificate: MakeCertificate) -> None:
    """A URL with https for a server that speaks plain HTTP ends as a failure of TLS."""
    assert _reason(_source(serve(_ANSWER), make_certificate()[0])) is Reason.TLS


def test_tls_where_plain_http_is_expected_is_told(serve: Serve, make_certificate: MakeCertificate) -> None:
    """A URL with http for a server that speaks TLS ends with a hint at https."""
    port = serve(_ANSWER, context=make_certificate()[1])
    with pytest.raises(FetchError, match="https") as caught:
        fetched(Place(f"http://127.0.0.1:{port}/metrics", 20, None, 100_000))
    assert caught.value.reason in {Reason.PROTOCOL, Reason.CLOSED}


def test_old_versions_of_tls_are_refused(serve: Serve, make_certificate: MakeCertificate) -> None:
    """A server that cannot speak TLS 1.2 is not talked to."""
    pem, context = make_certificate()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    assert _reason(_source(serve(_ANSWER, context=context), pem)) is Reason.TLS


def test_a_page_that_is_cut_inside_tls_is_truncated(serve: Serve, make_certificate: MakeCertificate) -> None:
    """A page that is shorter than its length ends as cut over TLS as well."""
    pem, context = make_certificate()
    assert _reason(_source(serve(_ANSWER[:-1], context=context), pem)) is Reason.TRUNCATED


def test_a_tls_connection_that_hangs_up_is_closed(make_certificate: MakeCertificate, serve: Serve) -> None:
    """A TLS server that closes without an answer ends as closed."""
    pem, context = make_certificate()
    port = serve(lambda connection, _over: connection.shutdown(socket.SHUT_RDWR), context=context)
    assert _reason(_source(port, pem)) is Reason.CLOSED
