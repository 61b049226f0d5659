"""`xelinkd status`."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from support.daemon import PATIENCE, toml, xelinkd
from support.pages import serving_page
from support.states import GOOD, KEEPING, changed, replace
from support.status_server import serving_status
from support.terminal import on_a_terminal

from xelinkd import __version__
from xelinkd.state.told import Fault
from xelinkd.views.documents.status_json import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.daemon import Daemon
    from support.status_server import StatusServer

NOT_READY = replace(GOOD, keeping=changed(KEEPING, fault=Fault("No space left on device", 9_950.0)))


@pytest.fixture
def service() -> Iterator[StatusServer]:
    """Give a made-up status, for what no daemon in good order says."""
    with serving_status() as server:
        yield server


def configure(plain: Path, **status: object) -> Path:
    """Write a configuration of the status, and nothing else."""
    plain.write_text(toml({"status": status}))
    return plain


def test_a_real_daemon(daemon: Daemon) -> None:
    """Scripts learn by the exit status whether the labels are as they shall be, and people read why first."""
    daemon.serve_status().start()
    daemon.wait_for_answer("/readyz", lambda code, _: code == 200)
    well = xelinkd("status", "--config", daemon.config)
    assert (well.returncode, well.stderr) == (0, "")
    assert well.stdout.startswith(f"xelinkd {__version__} at http://{daemon.listen}, ")
    assert well.stdout.splitlines()[0].endswith(": ready")
    assert "\nlabels    6 links in 1 label, hold for " in well.stdout
    daemon.features.rename(daemon.folder / "away")
    daemon.wait_for_answer("/readyz", lambda code, _: code == 503)
    broken = xelinkd("status", "--config", daemon.config)
    first, _, why = broken.stdout.partition("\n\n")[0].partition("\n")
    assert (broken.returncode, first.endswith(": not ready")) == (1, True), broken.stdout
    assert f"there is no folder {daemon.features}" in why


@pytest.mark.parametrize("path", ["", "/", "/status.json"])
def test_another_service_is_asked(plain: Path, service: StatusServer, path: str) -> None:
    """With an address, people see how another xelinkd is."""
    done = xelinkd("status", "--config", plain, service.url + path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"xelinkd 0.1.0 at {service.url}, 2027-01-15T08:00:00Z: ready\n")


def test_json_is_the_document_as_it_is(plain: Path, service: StatusServer) -> None:
    """Programs get what the service serves, byte for byte, and the exit status all the same."""
    service.state = NOT_READY
    done = xelinkd("status", "--config", plain, "--format=json", service.url)
    assert (done.returncode, done.stdout.encode()) == (1, render(NOT_READY))


@pytest.mark.parametrize("arguments", [[], ["--format=json"]])
def test_output_that_cannot_be_written(plain: Path, service: StatusServer, arguments: list[str]) -> None:
    """A full disk is no answer of "not ready": it has an exit status of its own, and a sentence."""
    command = [sys.executable, "-m", "xelinkd", "status", f"--config={plain}", service.url, *arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (3, b"xelinkd: standard output: No space left on device\n")


def test_nothing_answers(plain: Path) -> None:
    """Where nothing listens, the exit status is one of its own, and a sentence tells what to look at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = xelinkd("status", "--config", plain, url)
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.startswith(f"xelinkd: no status (refused): {url}: nothing listens there: does xelinkd")


def test_something_else_answers(plain: Path) -> None:
    """What is no xelinkd is not taken for one."""
    with serving_page(b"<html>") as server:
        done = xelinkd("status", "--config", plain, server.url.removesuffix("/metrics"))
    assert (done.returncode, done.stdout) == (5, "")
    assert "is not the status of a xelinkd" in done.stderr


@pytest.mark.parametrize("arguments", [["ftp://x"], ["http://127.0.0.1:1/metrics"], ["nonsense"]])
def test_no_address(plain: Path, arguments: list[str]) -> None:
    """What cannot be the address of a xelinkd is a mistake on the command line."""
    done = xelinkd("status", "--config", plain, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("the address of a xelinkd is http://HOST:PORT or https://HOST:PORT\n")


def test_no_status_is_served(plain: Path) -> None:
    """A configuration that serves no status is said to be the reason."""
    done = xelinkd("status", "--config", configure(plain, listen=""))
    assert (done.returncode, done.stdout) == (2, "")
    assert "status.listen is empty" in done.stderr


def test_token(plain: Path, daemon: Daemon) -> None:
    """The configured token opens the door; without it the sentence says what is missing."""
    token = daemon.folder / "token"
    token.write_text("sesame\nsecond line\n")
    daemon.serve_status().configure(status={"token_file": str(token)})
    daemon.start()
    daemon.wait_for_answer("/readyz", lambda code, _: code == 200)
    url = f"http://{daemon.listen}"
    assert xelinkd("status", "--config", daemon.config).returncode == 0
    refused = xelinkd("status", "--config", plain, url)
    assert refused.returncode == 5
    assert "(unauthorized)" in refused.stderr
    assert "sesame" not in refused.stderr
    assert xelinkd("status", "--config", plain, url, "--token-file", token).returncode == 0


def test_https(tmp_path: Path, plain: Path) -> None:
    """The server's own certificate is trusted, whatever name it carries, and no other of its authority."""
    authority = trustme.CA()
    mine, other = authority.issue_cert("node.example"), authority.issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    mine.configure_cert(context)
    with serving_status(context=context) as server:
        for name, cert, status in (("mine", mine, 0), ("other", other, 5)):
            pem = tmp_path / f"{name}.pem"
            chain = [*cert.cert_chain_pems, authority.cert_pem]
            pem.write_bytes(b"".join(blob.bytes() for blob in chain))
            configure(plain, listen=server.listen, cert_file=str(pem), key_file=str(pem))
            done = xelinkd("status", "--config", plain)
            assert done.returncode == status, done.stderr
        assert "(tls_certificate)" in done.stderr
        configure(plain, listen="")
        done = xelinkd("status", "--config", plain, server.url)
    assert done.returncode == 5
    assert "is not trusted: name it, or its CA, with --ca-file" in done.stderr


def test_client_certificate(plain: Path, daemon: Daemon) -> None:
    """A xelinkd that asks for a certificate gets the one that is named; without it the sentence tells."""
    authority = trustme.CA()
    both, ca = daemon.folder / "both.pem", daemon.folder / "ca.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(both))
    authority.cert_pem.write_to_path(str(ca))
    files = {"cert_file": str(both), "key_file": str(both), "client_ca_file": str(ca)}
    daemon.serve_status().configure(status=files)
    daemon.start()
    daemon.wait_for("labels_changed")
    daemon.wait_for("status_listening")
    arguments = ("status", "--config", plain, f"https://{daemon.listen}", "--ca-file", ca)
    let_in = xelinkd(*arguments, "--client-cert", both)
    without = xelinkd(*arguments)
    missing = xelinkd(*arguments, "--client-cert", daemon.folder / "none.pem")
    keyless = xelinkd(*arguments, "--client-cert", ca)
    assert (let_in.returncode, "6 links" in let_in.stdout) == (0, True), let_in.stderr
    assert (without.returncode, "(--client-cert)" in without.stderr) == (5, True), without.stderr
    assert "ca.pem: it must hold a certificate and its key: " in keyless.stderr
    assert (missing.returncode, "none.pem: [Errno 2]" in missing.stderr) == (5, True), missing.stderr


def test_colours_on_a_terminal_only(plain: Path, service: StatusServer) -> None:
    """On a terminal what is well is green; not where NO_COLOR is set, not on a dumb one, not in a pipe."""
    arguments = ("status", "--config", plain, service.url)
    assert "\x1b[32mready\x1b[0m" in on_a_terminal(*arguments)
    assert "\x1b" not in on_a_terminal(*arguments, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(*arguments, TERM="dumb")
    assert "\x1b" not in xelinkd(*arguments).stdout


def test_signs_only_where_the_terminal_has_them(plain: Path, service: StatusServer) -> None:
    """A terminal without UTF-8 gets letters, and escapes for whatever else it does not have."""
    service.state = replace(GOOD, keeping=changed(KEEPING, fault=Fault("plein à craquer", 9_950.0)))
    arguments = ("status", "--config", plain, service.url)
    assert "✗ feature-file: plein à" in on_a_terminal(*arguments, NO_COLOR="1", PYTHONIOENCODING="utf-8")
    assert "NO feature-file: plein \\xe0" in on_a_terminal(*arguments, NO_COLOR="1", PYTHONIOENCODING="ascii")


def test_nothing_in_the_status_steers_the_terminal(plain: Path, service: StatusServer) -> None:
    """What came from the network is shown as text, whatever it is."""
    fault = Fault("\x1b[2J\u202egone\n", 9_950.0)
    service.state = replace(GOOD, keeping=changed(KEEPING, fault=fault))
    shown = on_a_terminal("status", "--config", plain, service.url, NO_COLOR="1")
    assert "\x1b" not in shown
    assert "feature-file: \\x1b[2J\\u202egone\\n" in shown


def test_token_that_no_header_may_hold(tmp_path: Path, plain: Path, service: StatusServer) -> None:
    """A token file with something else in it is told as what the service says of it: not let in."""
    (tmp_path / "token").write_text("séšame\n")
    service.token = "sesame"  # noqa: S105  of the test
    done = xelinkd("status", "--config", plain, service.url, "--token-file", tmp_path / "token")
    assert (done.returncode, "(unauthorized)" in done.stderr) == (5, True), done.stderr


def test_token_that_comes_back(tmp_path: Path, plain: Path, serve: Callable[..., int]) -> None:
    """Whatever answers in the place of xelinkd, the token does not end up on the terminal."""
    (tmp_path / "token").write_text("sesame-open")
    port = serve(b"HTTP/1.1 200 OK\r\nBearer sesame-open\r\n\r\n")
    url = f"http://127.0.0.1:{port}"
    done = xelinkd("status", "--config", plain, url, "--token-file", tmp_path / "token")
    assert "Bearer ***" in done.stderr
    assert "sesame" not in done.stderr
