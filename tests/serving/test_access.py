"""Who is answered: by bearer token, by client certificate, over TLS."""

from __future__ import annotations

import ssl
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import trustme
import urllib3
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from support.daemon import PATIENCE, wait_until
from support.serving import LARGE, all_of, serving

from xelinkd.config.schema import Status
from xelinkd.serving.access import AccessError, load_access

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.serving import Served

TOKEN = "s3cret-Token~+/="  # noqa: S105  of a test


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    """Give a CA that both sides know."""
    return trustme.CA()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, ca: trustme.CA) -> dict[str, str]:
    """Give the server's certificate and key, for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("tls")
    made = ca.issue_cert("127.0.0.1")
    made.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    made.private_key_pem.write_to_path(folder / "key.pem")
    ca.cert_pem.write_to_path(folder / "ca.pem")
    return {"cert_file": str(folder / "cert.pem"), "key_file": str(folder / "key.pem")}


@pytest.fixture(scope="module")
def over_tls(tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]) -> Iterator[Served]:
    """Give a server that speaks TLS, and asks for nothing."""
    with serving(tmp_path_factory.mktemp("over_tls"), **files) as made:
        yield made


@pytest.fixture
def token_file(tmp_path: Path) -> str:
    """Give a file with a token, as an editor leaves it."""
    file = tmp_path / "token"
    file.write_text(TOKEN + "\r\nanother line\n")
    return str(file)


def pool(ca: trustme.CA, certificate: trustme.LeafCert | None = None) -> urllib3.PoolManager:
    """Give a client that trusts the CA, and shows a certificate if it has one."""
    context = ssl.create_default_context()
    ca.configure_trust(context)
    if certificate:
        certificate.configure_cert(context)
    return urllib3.PoolManager(ssl_context=context, retries=False, timeout=PATIENCE)


def status_of(client: urllib3.PoolManager, served: Served, path: str, **headers: str) -> int:
    """Ask over https; give the status."""
    return client.request("GET", f"https://127.0.0.1:{served.port}{path}", headers=headers).status


def test_token_lets_in(tmp_path: Path, token_file: str) -> None:
    """Who has the token sees everything; who has none, or another, sees whether the node is well."""
    with serving(tmp_path, token_file=token_file) as served:
        assert served.get("/", Authorization=f"Bearer {TOKEN}").status == 200
        assert served.get("/", Authorization=f"bearer  {TOKEN}").status == 200
        for other in (f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer ", f"Basic {TOKEN}", TOKEN, "é"):
            assert served.get("/", Authorization=other).status == 401
        response = served.get("/nowhere")
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="xelinkd"'
        assert served.get("/livez").status == 200
        assert TOKEN not in served.log.read_text()


def test_two_tokens_are_none(tmp_path: Path, token_file: str) -> None:
    """A request that shows the right token and another one is not let in."""
    header = f"Authorization: Bearer {TOKEN}\r\n"
    asked = f"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}{header}\r\n"
    with serving(tmp_path, token_file=token_file) as served:
        assert served.exchange(asked.encode()).startswith(b"HTTP/1.1 401 ")


def test_without_the_token_only_probes_are_answered(tmp_path: Path) -> None:
    """A token file that is gone opens nothing to anybody, and gets no pod restarted."""
    token = tmp_path / "token"
    with serving(tmp_path, token_file=str(token)) as served:
        assert served.events("status_token_unreadable")[0]["error"] == f"{token}: No such file or directory"
        assert served.get("/livez").status == 200
        for authorization in ("Bearer ", "Bearer None", f"Bearer {TOKEN}"):
            assert served.get("/", Authorization=authorization).status == 403


def test_https(over_tls: Served, ca: trustme.CA) -> None:
    """With a certificate the server speaks TLS, large pages and kept connections included."""
    client = pool(ca)
    assert status_of(client, over_tls, "/livez") == 200
    large = client.request("GET", f"https://127.0.0.1:{over_tls.port}/large")
    assert len(large.data) == LARGE
    assert client.connection_from_host("127.0.0.1", over_tls.port, "https").num_connections == 1


def test_plain_http_is_not_answered_there(tmp_path: Path, files: dict[str, str]) -> None:
    """Whoever speaks no TLS, or none that can be understood, is hung up on, and others are not disturbed."""
    with serving(tmp_path, {"head": 0.5}, **files) as served:
        for sent in (
            b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"\x16\x03\x01\x00\x05hello",
            b"",
            b"\x16",
        ):
            assert b"HTTP" not in answer_to(served, sent)


def answer_to(served: Served, sent: bytes) -> bytes:
    """Send bytes; give what comes back, if anything does."""
    with suppress(ConnectionError):
        return served.exchange(sent)
    return b""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the client that this is about
def test_old_tls_is_refused(over_tls: Served, ca: trustme.CA) -> None:
    """TLS before 1.2 is not spoken."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ca.configure_trust(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    refused = pytest.raises(ssl.SSLError, match="alert protocol version")
    with over_tls.connect() as sock, refused:
        context.wrap_socket(sock, server_hostname="127.0.0.1")


def test_client_certificate_lets_in(tmp_path: Path, ca: trustme.CA, files: dict[str, str]) -> None:
    """Who shows a certificate by the client CA sees everything; a probe, which has none, is answered too."""
    clients = trustme.CA()
    clients.cert_pem.write_to_path(tmp_path / "clients.pem")
    with serving(tmp_path, client_ca_file=str(tmp_path / "clients.pem"), **files) as served:
        known, stranger = clients.issue_cert("prometheus"), ca.issue_cert("stranger")
        assert status_of(pool(ca, known), served, "/") == 200
        assert status_of(pool(ca), served, "/livez") == 200
        assert status_of(pool(ca), served, "/") == 403
        with pytest.raises(urllib3.exceptions.HTTPError):
            status_of(pool(ca, stranger), served, "/livez")


def test_token_or_certificate(tmp_path: Path, ca: trustme.CA, files: dict[str, str], token_file: str) -> None:
    """Where both are configured, either lets in."""
    ca.cert_pem.write_to_path(tmp_path / "clients.pem")
    guard = {"client_ca_file": str(tmp_path / "clients.pem"), "token_file": token_file}
    with serving(tmp_path, **files, **guard) as served:
        assert status_of(pool(ca, ca.issue_cert("prometheus")), served, "/") == 200
        assert status_of(pool(ca), served, "/", Authorization=f"Bearer {TOKEN}") == 200
        assert status_of(pool(ca), served, "/") == 401


def test_slow_handshakes_keep_no_probe_waiting(over_tls: Served, ca: trustme.CA) -> None:
    """Clients that connect and say nothing, or half a handshake, are in nobody's way over TLS either."""
    with ExitStack() as open_until_the_end:
        for number in range(400):
            sock = open_until_the_end.enter_context(over_tls.connect())
            sock.sendall(b"\x16\x03\x01"[: number % 4])
            assert number % 50 or status_of(pool(ca), over_tls, "/livez") == 200


def test_slow_reader_over_tls_is_hung_up_on(tmp_path: Path, ca: trustme.CA, files: dict[str, str]) -> None:
    """A client that takes a large page too slowly gets a part of it."""
    context = ssl.create_default_context()
    ca.configure_trust(context)
    with serving(tmp_path, {"response": 0.3}, **files) as served:
        before = served.descriptors()
        with context.wrap_socket(served.connect(), server_hostname="127.0.0.1") as sock:
            sock.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert sock.recv(1) == b"H"
            wait_until(lambda: served.descriptors() == before, "the connection to be closed")
            with suppress(OSError):
                assert len(all_of(sock)) < LARGE


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "its first line is empty"),
        ("two words\n", "its first line is no bearer token"),
        ("päss\n", "its first line is no bearer token"),
        ("t" * (2 << 20), "is larger than"),
    ],
)
def test_unfit_token_is_told(tmp_path: Path, content: str, why: str) -> None:
    """A token that no client could send is said to be none, with its file."""
    file = tmp_path / "token"
    file.write_text(content)
    assert load_access(Status(token_file=str(file))).problem.startswith(f"{file}: {why}")


def test_unfit_certificates_are_told(tmp_path: Path, ca: trustme.CA, files: dict[str, str]) -> None:
    """A certificate without its key, an encrypted key, a CA file without certificates: each is named."""
    other = tmp_path / "other.pem"
    ca.issue_cert("other").private_key_pem.write_to_path(other)
    locked = tmp_path / "locked.pem"
    key = load_pem_private_key(Path(files["key_file"]).read_bytes(), None)
    locked.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a password"))
    )
    for unfit in (other, locked, tmp_path / "missing"):
        with pytest.raises(AccessError, match=f"{unfit}: these must be a certificate and its key"):
            load_access(Status(cert_file=files["cert_file"], key_file=str(unfit)))
    with pytest.raises(AccessError, match=f"{other}: this must hold certificates"):
        load_access(msgspec.convert({**files, "client_ca_file": str(other)}, Status))
