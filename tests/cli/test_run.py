"""`xelinkd run`, started as the Go sidecar is started."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import trustme
from support.daemon import Daemon

from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xelinkd.simulator.server import Simulator


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Daemon]:
    """Give a node where nothing runs yet."""
    made = Daemon(tmp_path, "http://127.0.0.1:9/not-asked")
    yield made
    made.close()


def start_as_the_go_sidecar(node: Daemon, port: int, *flags: str | Path) -> None:
    """Start it by the arguments of Intel's manifests alone: no verb, no file."""
    arguments = (
        *("-v=2", f"-xpum-port={port}", f"-dst-file-path={node.file}", f"-tmp-dir-prefix={node.features}/"),
        *("-startup-delay=0", "-interval=1", *map(str, flags)),
    )
    with node.log.open("ab") as log:
        node.process = subprocess.Popen([sys.executable, "-m", "xelinkd", *arguments], stdout=log, stderr=log)


def test_invocation_of_the_go_sidecar(node: Daemon, xpum: Simulator) -> None:
    """In a manifest of the Go sidecar the image can be swapped; one warning names flags without effect."""
    flags = ("--allow-subdeviceless-links", "-lane-count", "4", "-logtostderr", "-stderrthreshold=0")
    start_as_the_go_sidecar(node, xpum.port, *flags)
    node.wait_for_links(lambda links: len(links) == 6)
    assert [event["detail"] for event in node.events("flags_without_effect")] == [
        "these flags have no effect in xelinkd: -logtostderr, -stderrthreshold"
    ]
    xpum.set_link("0.0-1.0", up=False)
    node.wait_for_links(lambda links: len(links) == 5)
    assert all(line.startswith("{") for line in node.log.read_text().splitlines())
    assert node.stop() == 0


class Certificates:
    """A certificate, its key and what to trust, as files that can be replaced by new ones."""

    def __init__(self, folder: Path) -> None:
        """Make the first."""
        self.certificate = folder / "tls.crt"
        self.key = folder / "tls.key"
        self.trusted = folder / "ca.crt"
        self.rotate()

    def rotate(self) -> None:
        """Replace all of it."""
        ca = trustme.CA()
        issued = ca.issue_cert("127.0.0.1")
        issued.cert_chain_pems[0].write_to_path(self.certificate)
        issued.private_key_pem.write_to_path(self.key)
        ca.cert_pem.write_to_path(self.trusted)


def test_rotated_certificate_is_picked_up(node: Daemon, tmp_path: Path) -> None:
    """With `-cert` labels come over HTTPS, and go on after server and file got a new certificate."""
    files = Certificates(tmp_path)
    machine = parse_machine("3x2")
    with serving(machine, certfile=files.certificate, keyfile=files.key) as xpum:
        start_as_the_go_sidecar(node, xpum.port, f"--cert={files.trusted}")
        node.wait_for_links(lambda links: len(links) == 6)
        xpum.stop()
        files.rotate()
        xpum.set_link("0.0-1.0", up=False)
        xpum.start()
        node.wait_for_links(lambda links: len(links) == 5)
    assert node.process is not None
    assert node.process.poll() is None
    assert len(node.events("started")) == 1


def test_certificate_that_is_not_the_servers(node: Daemon, tmp_path: Path) -> None:
    """A server that the file does not vouch for is not believed, and the log says what is wrong."""
    files = Certificates(tmp_path)
    with serving(parse_machine("3x2"), certfile=files.certificate, keyfile=files.key) as xpum:
        trustme.CA().cert_pem.write_to_path(files.trusted)
        start_as_the_go_sidecar(node, xpum.port, f"--cert={files.trusted}")
        assert node.wait_for("topology_unknown")["reason"] == "tls_certificate"
    assert not node.file.exists()
