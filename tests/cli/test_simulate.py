"""`xelinkd simulate`."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import pytest
import trustme
import urllib3
from support.bare_metal import make_nameless
from support.daemon import PATIENCE, toml, xelinkd

from xelinkd.model.page import read_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def simulating(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """Run it at a free port; give the process and its output."""
    command = [sys.executable, "-m", "xelinkd", "simulate", "--port", "0", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout
        finally:
            process.kill()


def test_one_line_with_the_address() -> None:
    """People and scripts get one line that ends with the URL, and then the page is there, until SIGTERM."""
    with simulating("2x2", "--down", "0.0-1.0") as (process, output):
        line = output.readline()
        assert line.startswith(
            "simulating XPU Manager with 2 GPUs x 2 tiles, 2 XeLinks of 4 lanes, at http://"
        )
        page = urllib3.request("GET", line.split()[-1], retries=False, timeout=PATIENCE).data
        assert len(read_page(page).topology.lanes_by_link()) == 1
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=PATIENCE) == ("", "")
        assert process.returncode == 0


def test_https(tmp_path: Path) -> None:
    """With a certificate and its key, the page comes over HTTPS."""
    ca = trustme.CA()
    issued = ca.issue_cert("127.0.0.1")
    certificate, key, trusted = (tmp_path / name for name in ("tls.crt", "tls.key", "ca.crt"))
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    ca.cert_pem.write_to_path(trusted)
    with simulating("2x1", "--cert", certificate, "--key", key) as (_, output):
        url = output.readline().split()[-1]
        assert url.startswith("https://127.0.0.1:")
        done = xelinkd("show", "-cert", trusted, url, "--format=labels", "-allow-subdeviceless-links")
    assert (done.returncode, done.stdout) == (0, "gpu.intel.com/xe-links=0.0-1.0\n")


def test_rest(tmp_path: Path) -> None:
    """With a port for REST, the same machine is there twice; the last word of the line still is the page."""
    both, pin = make_nameless(tmp_path)
    (tmp_path / "password").write_text("sesame\n")
    flags = ("--rest-port", "0", "--rest-cert", both, "--rest-password-file", tmp_path / "password")
    with simulating("2x-max1550", *flags) as (_, output):
        line = output.readline()
        assert line.split()[-1].startswith("http://")
        source = {"kind": "rest", "rest_url": line.partition("REST: ")[2].partition(")")[0]}
        login = {"user": "xpumadmin", "password_file": str(tmp_path / "password"), "pin_file": str(pin)}
        (tmp_path / "x.toml").write_text(toml({"source": {**source, **login}}))
        done = xelinkd("show", "--config", tmp_path / "x.toml", "--format=labels")
    assert (done.returncode, done.stdout) == (0, "gpu.intel.com/xe-links=0.0-1.1_0.1-1.0\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--rest-cert", "x.pem"], "--rest-password-file and --rest-cert need --rest-port"),
        (["--rest-port", "0", "--rest-password-file", "missing"], "missing: No such file or directory"),
        (["--rest-port", "0", "--rest-cert", "missing.pem"], "missing.pem: No such file or directory"),
        (["99x9"], "unknown machine '99x9': choose one of 8x-max1550,"),
        (["--port", "99999"], "argument --port: found '99999'; allowed: 0 to 65535"),
        (["--port", "http"], "argument --port: found 'http'; allowed: 0 to 65535"),
        (["2x1", "--down", "0.0-7.0"], "no link '0.0-7.0': this machine has 0.0-1.0"),
        (["--mode", "sulking"], "argument --mode: invalid choice: 'sulking' (choose from"),
        (["--key", "tls.key"], "--key needs --cert"),
        (["--cert", "missing.pem"], "missing.pem: No such file or directory"),
        (["--cert", __file__], f"{__file__}: must hold a certificate and its key, as PEM"),
    ],
)
def test_mistakes(arguments: list[str], sentence: str) -> None:
    """What cannot be simulated is told in a sentence, with status 2."""
    done = xelinkd("simulate", "--port", "0", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_port_that_is_taken() -> None:
    """A port that another program has is named."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = xelinkd("simulate", "--port", str(port))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"xelinkd: cannot listen at 127.0.0.1, port {port}: Address already in use\n"
