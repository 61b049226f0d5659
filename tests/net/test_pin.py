"""Certificates that are trusted as themselves."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from support.bare_metal import make_nameless
from support.pages import fetched

from xelinkd.model.unknown import Reason
from xelinkd.net.failure import FetchError
from xelinkd.net.pin import CaFileError, Pin
from xelinkd.net.trust import fingerprint_of, pinned_digests, trust_pinned
from xelinkd.sources.login import Login
from xelinkd.sources.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Serve = Callable[..., int]

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"


def context(both: Path) -> ssl.SSLContext:
    """Give what a server with this certificate needs."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(both)
    return made


def place(port: int, pin: Pin, login: Login | None = None) -> Place:
    """Give the server's place, under a name that no certificate of these tests carries."""
    return Place(f"https://127.0.0.1:{port}/x", 20, None, 100_000, login, pin)


def fingerprint(pem: Path) -> str:
    """Give a certificate's SHA-256 as people copy it."""
    (digest,) = pinned_digests(Pin(str(pem)))
    return fingerprint_of(digest)


def test_certificate_without_a_name_is_trusted_by_file(serve: Serve, tmp_path: Path) -> None:
    """The stock certificate of XPU Manager, which no check of names can pass, is good once it is pinned."""
    both, pem = make_nameless(tmp_path)
    port = serve(ANSWER, context=context(both))
    assert fetched(place(port, Pin(str(pem)))) == b"yes"


@pytest.mark.parametrize("spelled", [str, str.lower, lambda text: text.replace(":", "")])
def test_fingerprint_is_taken_as_others_write_it(
    serve: Serve, tmp_path: Path, spelled: Callable[[str], str]
) -> None:
    """The SHA-256 may have colons or none, and letters of either case."""
    both, pem = make_nameless(tmp_path)
    port = serve(ANSWER, context=context(both))
    assert fetched(place(port, Pin(fingerprint=spelled(fingerprint(pem))))) == b"yes"


def test_certificate_that_ran_out_still_is_itself(serve: Serve, tmp_path: Path) -> None:
    """A pin does not end on a date: it is the same server, with the same key."""
    both, pem = make_nameless(tmp_path, days=1)
    assert fetched(place(serve(ANSWER, context=context(both)), Pin(str(pem)))) == b"yes"


def test_nothing_is_sent_to_another_server(serve: Serve, tmp_path: Path) -> None:
    """A server with another certificate, of the same subject, never sees a request, nor a password."""
    both, _ = make_nameless(tmp_path, "other")
    _, pem = make_nameless(tmp_path)
    password = tmp_path / "password"
    password.write_text("secret")
    requests: list[bytes] = []
    port = serve(ANSWER, context=context(both), requests=requests)
    for pin in (Pin(str(pem)), Pin(fingerprint=fingerprint(pem))):
        with pytest.raises(FetchError, match="not the pinned one") as caught:
            fetched(place(port, pin, Login("xpumadmin", password)))
        assert caught.value.reason is Reason.TLS_CERTIFICATE
    assert requests == []


def test_certificate_signed_by_the_pinned_one_is_another(serve: Serve, tmp_path: Path) -> None:
    """A pin is no CA, though the keytool's certificate says that it may sign others."""
    both, pem = make_nameless(tmp_path)
    stranger, _ = make_nameless(tmp_path, "stranger")
    chain = tmp_path / "chain.pem"
    chain.write_bytes(stranger.read_bytes() + pem.read_bytes())
    assert both.exists()
    with pytest.raises(FetchError) as caught:
        fetched(place(serve(ANSWER, context=context(chain)), Pin(str(pem))))
    assert caught.value.reason is Reason.TLS_CERTIFICATE


def test_old_and_new_certificate_may_be_pinned_together(serve: Serve, tmp_path: Path) -> None:
    """While a certificate is being replaced, a file that holds both trusts either."""
    (old_both, old), (new_both, new) = (make_nameless(tmp_path, name) for name in ("old", "new"))
    pins = tmp_path / "pins.pem"
    pins.write_bytes(b"# both\n" + old.read_bytes() + new.read_bytes())
    for both in (old_both, new_both):
        assert fetched(place(serve(ANSWER, context=context(both)), Pin(str(pins)))) == b"yes"


def test_changed_pin_counts_at_once(serve: Serve, tmp_path: Path) -> None:
    """The file is read for each fetch."""
    both, pem = make_nameless(tmp_path)
    _, other = make_nameless(tmp_path, "other")
    port = serve(ANSWER, context=context(both))
    pin = tmp_path / "pin.pem"
    pin.write_bytes(other.read_bytes())
    with pytest.raises(FetchError):
        fetched(place(port, Pin(str(pin))))
    pin.write_bytes(pem.read_bytes())
    assert fetched(place(port, Pin(str(pin)))) == b"yes"


@pytest.mark.parametrize(
    "content", [b"", b"no PEM", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"]
)
def test_file_without_a_certificate_pins_nothing(tmp_path: Path, content: bytes) -> None:
    """An empty or broken pin file trusts nobody, and is named."""
    pin = tmp_path / "pin.pem"
    pin.write_bytes(content)
    with pytest.raises(CaFileError, match=r"pin\.pem"):
        trust_pinned(Pin(str(pin)))
    with pytest.raises(CaFileError, match=r"missing\.pem"):
        trust_pinned(Pin(str(tmp_path / "missing.pem")))
