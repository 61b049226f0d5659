"""`xelinkd trust`."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING

import pytest
from support.bare_metal import bare_metal, make_nameless
from support.daemon import toml, xelinkd
from support.pages import serving_page

from xelinkd.sources.acquaintance import shown_by

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.bare_metal import BareMetal


@pytest.fixture
def xpum(tmp_path: Path) -> Iterator[BareMetal]:
    """Give an XPU Manager of the bare-metal package."""
    with bare_metal(tmp_path) as made:
        yield made


def configuration(folder: Path, xpum: BareMetal, kind: str = "rest", **more: object) -> Path:
    """Write a configuration that asks it."""
    path = folder / "xelinkd.toml"
    path.write_text(toml({"source": xpum.settings(kind, **more)}))
    return path


def test_from_nothing_to_labels(tmp_path: Path, xpum: BareMetal) -> None:
    """Shown, written, configured: then the certificate is trusted; the password was not needed for it."""
    pin = tmp_path / "new.pem"
    config = configuration(tmp_path, xpum, pin_file=str(pin))
    assert xelinkd("show", "--config", config).returncode == 1
    written = xelinkd("trust", xpum.simulator.rest_url, "--write", pin)
    assert (written.returncode, written.stderr) == (0, "")
    assert pin.read_bytes() == xpum.pin.read_bytes()
    assert pin.stat().st_mode & 0o777 == 0o644
    shown = xelinkd("trust", "--config", config)
    assert (shown.returncode, "It is the one that source.pin_file pins." in shown.stdout) == (0, True)
    assert "stateOrProvinceName=Unknown, organizationName=XPUM" in shown.stdout
    assert "names    none" in shown.stdout
    assert xelinkd("show", "--config", config).returncode == 0
    assert xpum.simulator.refusals == 0


def test_fingerprint_that_is_shown_can_be_configured(tmp_path: Path, xpum: BareMetal) -> None:
    """The line with the SHA-256 is what source.fingerprint takes."""
    shown = xelinkd("trust", xpum.simulator.rest_url).stdout
    (fingerprint,) = (line.split()[1] for line in shown.splitlines() if line.startswith("  SHA-256"))
    config = configuration(tmp_path, xpum, pin_file=None, fingerprint=fingerprint)
    assert xelinkd("show", "--config", config).returncode == 0
    assert "source.fingerprint pins" in xelinkd("trust", "--config", config).stdout


def test_another_certificate_than_the_pinned_one_is_an_alarm(tmp_path: Path, xpum: BareMetal) -> None:
    """Like ssh: what is not what it was is told, with a status for scripts."""
    other = make_nameless(tmp_path, "other")[1]
    done = xelinkd("trust", "--config", configuration(tmp_path, xpum, pin_file=str(other)))
    assert (done.returncode, "NOT the certificate that source.pin_file pins" in done.stderr) == (1, True)


def test_pin_is_not_overwritten_without_a_word(tmp_path: Path, xpum: BareMetal) -> None:
    """A file that pins another certificate, or is something else, is left alone until that is asked for."""
    other = make_nameless(tmp_path, "other")[1]
    before = other.read_bytes()
    done = xelinkd("trust", xpum.simulator.rest_url, "--write", other)
    assert (done.returncode, "--replace" in done.stderr, other.read_bytes()) == (3, True, before)
    note = tmp_path / "note.txt"
    note.write_text("mine")
    assert xelinkd("trust", xpum.simulator.rest_url, "--write", note).returncode == 3
    assert note.read_text() == "mine"
    assert xelinkd("trust", xpum.simulator.rest_url, "--write", other, "--replace").returncode == 0
    assert other.read_bytes() == xpum.pin.read_bytes()
    assert xelinkd("trust", xpum.simulator.rest_url, "--write", other).returncode == 0
    missing = tmp_path / "nowhere" / "pin.pem"
    done = xelinkd("trust", xpum.simulator.rest_url, "--write", missing)
    assert (done.returncode, "No such file" in done.stderr) == (3, True)


def test_certificate_that_ran_out_is_shown_too(tmp_path: Path) -> None:
    """That may be what somebody is looking for."""
    both, pem = make_nameless(tmp_path, days=1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    with serving_page(b"", context) as server:
        shown = shown_by(server.url, 20)
    assert (shown.names, shown.pem) == ((), pem.read_text())


@pytest.mark.parametrize(
    ("url", "status", "sentence"),
    [
        ("http://127.0.0.1:1", 2, "the address of a server with a certificate is https://HOST:PORT"),
        ("127.0.0.1", 2, "the address of a server with a certificate is https://HOST:PORT"),
        ("https://127.0.0.1:1", 1, "nothing listens there"),
    ],
)
def test_no_certificate_to_show(url: str, status: int, sentence: str) -> None:
    """An address without TLS, or where nobody is, is told in a sentence."""
    done = xelinkd("trust", url)
    assert (done.returncode, done.stdout, sentence in done.stderr) == (status, "", True), done.stderr


def test_server_that_speaks_no_tls() -> None:
    """A plain server has no certificate."""
    with serving_page(b"") as server:
        done = xelinkd("trust", server.url.replace("http:", "https:"))
    assert (done.returncode, "plain http" in done.stderr) == (1, True)


def test_saved_answer_is_shown(tmp_path: Path, xpum: BareMetal) -> None:
    """`show` reads an answer of REST that somebody saved, and asks another REST server that is named."""
    saved = tmp_path / "saved.json"
    names = ("local_device_id", "local_subdevice_id", "remote_device_id", "remote_subdevice_id")
    rows = [
        dict(zip(names, (a, 0, b, 0), strict=True))
        | {"local_on_subdevice": True, "link_type": "S" if a == b else "XL", "port_list": [4] * 8}
        for a in (0, 1)
        for b in (0, 1)
    ]
    saved.write_text(json.dumps(rows))
    assert "0.0-1.0" in xelinkd("show", saved).stdout
    xpum.simulator.set_password(None)
    config = configuration(tmp_path, xpum, kind="metrics", user="", password_file="", url="https://h/")
    shown = xelinkd("show", xpum.simulator.rest_url, "--config", config)
    assert (shown.returncode, "3 GPUs, 6 tiles, 6 links" in shown.stdout) == (0, True), shown.stderr
