"""Real servers on the loopback interface that answer as a test tells them to, byte by byte."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from pathlib import Path

# What a server does on a connection whose request it has read; the event says that the test is over.
Script = Callable[[socket.socket, threading.Event], None]

_TLS_HANDSHAKE = b"\x16"  # a plain server answers this as any other bad request


@pytest.fixture
def serve() -> Iterator[Callable[..., int]]:
    """Give a function that starts a server, which ends with the test, and gives its port.

    `script` is what it does on each connection, or the bytes to send before it closes; `context` makes it
    speak TLS; `requests` takes the requests as they came.
    """
    with contextlib.ExitStack() as stack:

        def start(
            script: Script | bytes,
            *,
            context: ssl.SSLContext | None = None,
            requests: list[bytes] | None = None,
        ) -> int:
            server = _Server(_sending(script) if isinstance(script, bytes) else script, context, requests)
            stack.callback(server.close)
            return server.port

        yield start


def _sending(data: bytes) -> Script:
    return lambda connection, _over: connection.sendall(data)


class _Server:
    """Listens on 127.0.0.1, and serves one connection after the other in a thread."""

    def __init__(self, script: Script, context: ssl.SSLContext | None, requests: list[bytes] | None) -> None:
        self._script = script
        self._context = context
        self._requests = [] if requests is None else requests
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError):  # the client hung up, or refused the certificate
                self._serve(self._listener.accept()[0])

    def _serve(self, plain: socket.socket) -> None:
        with plain:
            plain.settimeout(20)
            if self._context is None:
                self._converse(plain)
                return
            with self._context.wrap_socket(plain, server_side=True) as secure:
                self._converse(secure)

    def _converse(self, connection: socket.socket) -> None:
        request = b""
        while not (request.endswith(b"\r\n\r\n") or request.startswith(_TLS_HANDSHAKE)):
            part = connection.recv(4096)
            if not part:
                return
            request += part
        self._requests.append(request)
        self._script(connection, self._over)


@pytest.fixture
def make_certificate(tmp_path: Path) -> Callable[..., tuple[Path, ssl.SSLContext]]:
    """Give a function that makes a certificate as cert-manager does, as a PEM file and a server's context.

    It signs itself, has no subject, an IP address as its name, is not a CA, and has no key identifiers.
    """

    def make(address: str = "127.0.0.1", valid_days: int = 90) -> tuple[Path, ssl.SSLContext]:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _self_signed(key, address, dt.timedelta(days=valid_days))
        serial = certificate.serial_number
        pem, private = tmp_path / f"{serial}.pem", tmp_path / f"{serial}.key"
        pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, private)
        return pem, context

    return make


def _self_signed(key: ec.EllipticCurvePrivateKey, address: str, validity: dt.timedelta) -> x509.Certificate:
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    return (
        x509.CertificateBuilder(x509.Name([]), x509.Name([]), key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + validity)
        .add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(names, critical=True)  # critical, as the subject is empty
        .sign(key, hashes.SHA256())
    )
