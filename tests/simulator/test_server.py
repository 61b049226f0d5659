"""The simulator over real HTTP and HTTPS."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
import urllib3

from xelinkd.simulator.faults import Mode
from xelinkd.simulator.machine import mesh, parse_machine
from xelinkd.simulator.page import render
from xelinkd.simulator.server import Options, Simulator, running, serving

MACHINE = mesh(2, 2)
DEADLINE_SECONDS = 20
PROGRAM = """
import sys
from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.server import Options, run
run(Options(parse_machine("8x-max1550")), lambda line: print(line, flush=True))
print("ended", flush=True)
"""


@pytest.fixture
def http() -> Iterator[urllib3.PoolManager]:
    """Give a client that keeps connections open, as many clients do, and never tries again by itself."""
    with urllib3.PoolManager(retries=False, timeout=DEADLINE_SECONDS) as pool:
        yield pool


def issue(authority: trustme.CA, at: Path) -> Path:
    """Write a certificate for 127.0.0.1, its key in the same file."""
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(at))
    return at


def test_the_page_is_served(http: urllib3.PoolManager) -> None:
    """The URL gives the machine's page with its length, on a connection that can be kept."""
    with serving(MACHINE) as simulator:
        response = http.request("GET", f"{simulator.url}?scrape=1")
        assert (response.status, response.data) == (200, render(MACHINE))
        assert int(response.headers["Content-Length"]) == len(response.data)
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "Connection" not in response.headers
        assert simulator.scrapes == 1


@pytest.mark.parametrize("mode", Mode)
def test_modes(http: urllib3.PoolManager, mode: Mode) -> None:
    """A mode can be set from a test or over HTTP, and the next scrape shows it."""
    with serving(MACHINE, mode=mode) as simulator:
        status = http.request("GET", simulator.url).status
        http.request("PUT", f"{simulator.control_url}/mode", body="error-500")
        failed = http.request("GET", simulator.url)
        assert (failed.status, failed.data) == (500, b"#nodata: due to unexpected failure")
        simulator.set_mode(mode)
        assert http.request("GET", simulator.url).status == status
        assert json.loads(http.request("GET", simulator.control_url).data)["mode"] == mode


def test_links(http: urllib3.PoolManager) -> None:
    """A link can be set from a test or over HTTP, and the next scrape shows it."""
    with serving(MACHINE) as simulator:
        answer = http.request("PUT", f"{simulator.control_url}/links/0.0-1.0", body="down")
        assert answer.status == 200
        assert http.request("GET", simulator.url).data == render(MACHINE.with_link("0.0-1.0", up=False))
        simulator.set_link("0.0-1.0", up=True)
        assert http.request("GET", simulator.url).data == render(MACHINE)


def test_wrong_names_are_refused() -> None:
    """A test that names a link or mode that does not exist is told which ones do."""
    with serving(MACHINE) as simulator:
        with pytest.raises(ValueError, match=r"no link '9\.0-1\.0': this machine has 0\.0-1\.0"):
            simulator.set_link("9.0-1.0", up=False)
        with pytest.raises(ValueError, match="unknown mode 'bad': choose one of ok"):
            simulator.set_mode("bad")


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_other_methods_are_refused(http: urllib3.PoolManager, method: str) -> None:
    """A request that nothing answers to is told which ones are possible."""
    with serving(MACHINE) as simulator:
        response = http.request(method, simulator.url)
        assert (response.status, response.data) == (405, b"use GET here\n")


@pytest.mark.parametrize(
    "headers", [{"Content-Length": "1000"}, {"Content-Length": "x"}, {"Transfer-Encoding": "chunked"}]
)
def test_bodies_have_a_limit(http: urllib3.PoolManager, headers: dict[str, str]) -> None:
    """A body that is too long, or does not tell its length, is refused unread."""
    with serving(MACHINE) as simulator:
        response = http.request("PUT", f"{simulator.control_url}/mode", headers=headers)
        assert response.status == 400
        assert response.data == b"send a body of at most 999 bytes, with its Content-Length\n"
        assert response.headers["Connection"] == "close"


@pytest.mark.parametrize(
    ("sent", "line"),
    [
        (b"nonsense\r\n\r\n", b"Bad request syntax ('nonsense')\n"),
        (b"GET /metrics HTTP/9.9\r\n\r\n", b"Invalid HTTP version (9.9)\n"),
        (b"BREW /metrics HTTP/1.1\r\n\r\n", b"Unsupported method ('BREW')\n"),
    ],
)
def test_what_is_not_http(http: urllib3.PoolManager, sent: bytes, line: bytes) -> None:
    """Whoever does not speak HTTP gets a sentence, and nobody else notices."""
    with serving(MACHINE) as simulator, socket.create_connection(("127.0.0.1", simulator.port)) as client:
        client.settimeout(DEADLINE_SECONDS)
        client.sendall(sent)
        with client.makefile("rb") as answer:
            assert answer.read().endswith(line)
        assert http.request("GET", simulator.url).status == 200


def test_control_is_offered_on_loopback_only_unless_asked_for(http: urllib3.PoolManager) -> None:
    """A simulator that a cluster can reach is not steered by whoever comes along."""
    with running(Options(MACHINE, host="0.0.0.0")) as simulator:  # noqa: S104 - what a cluster asks for
        url = f"http://127.0.0.1:{simulator.port}/simulator"
        assert http.request("GET", url).status == 403
    with running(Options(MACHINE, host="0.0.0.0", control=True)) as simulator:  # noqa: S104 - as above
        url = f"http://127.0.0.1:{simulator.port}/simulator"
        assert http.request("GET", url).status == 200
    with serving(MACHINE, control=False) as simulator:
        assert http.request("GET", simulator.control_url).status == 403


def test_stopped_and_started_again(http: urllib3.PoolManager) -> None:
    """A stopped simulator cuts kept connections and refuses new ones, and comes back at the same URL."""
    with serving(MACHINE) as simulator:
        http.request("GET", simulator.url)
        simulator.set_link("0.0-1.0", up=False)
        simulator.stop()
        for _ in range(2):
            with pytest.raises(urllib3.exceptions.HTTPError):
                http.request("GET", simulator.url)
        simulator.stop()
        simulator.start()
        assert http.request("GET", simulator.url).data == render(MACHINE.with_link("0.0-1.0", up=False))
        assert simulator.scrapes == 2


def test_a_request_that_never_ends_does_not_hold_the_others(http: urllib3.PoolManager) -> None:
    """A client that hangs in the middle of a request holds neither other clients nor the end."""
    with serving(MACHINE) as simulator, socket.create_connection(("127.0.0.1", simulator.port)) as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\n")
        assert http.request("GET", simulator.url).status == 200
        simulator.stop()
        slow.settimeout(DEADLINE_SECONDS)
        assert slow.recv(1) == b""


def test_many_scrapes_at_once() -> None:
    """Clients that come all at once are all served, and all counted."""
    with serving(MACHINE) as simulator:
        statuses: list[int] = []

        def scrape() -> None:
            with urllib3.PoolManager(retries=False, timeout=DEADLINE_SECONDS) as pool:
                statuses.append(pool.request("GET", simulator.url).status)

        threads = [threading.Thread(target=scrape) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (statuses, simulator.scrapes) == ([200] * 20, 20)


def test_https(http: urllib3.PoolManager, tmp_path: Path) -> None:
    """With a certificate it is HTTPS: a client that trusts the CA is served, others are not."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certfile = issue(authority, tmp_path / "server.pem")
    with (
        serving(MACHINE, certfile=certfile) as simulator,
        urllib3.PoolManager(
            retries=False, ca_certs=str(tmp_path / "ca.pem"), timeout=DEADLINE_SECONDS
        ) as trusting,
    ):
        assert simulator.url == f"https://127.0.0.1:{simulator.port}/metrics"
        with pytest.raises(urllib3.exceptions.SSLError):
            http.request("GET", simulator.url)
        assert trusting.request("GET", simulator.url).data == render(MACHINE)


def test_a_client_that_never_shakes_hands_does_not_hold_the_others(tmp_path: Path) -> None:
    """A TCP connection without a TLS handshake holds neither other clients nor the end."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with (
        serving(MACHINE, certfile=issue(authority, tmp_path / "server.pem")) as simulator,
        socket.create_connection(("127.0.0.1", simulator.port)) as silent,
        urllib3.PoolManager(
            retries=False, ca_certs=str(tmp_path / "ca.pem"), timeout=DEADLINE_SECONDS
        ) as pool,
    ):
        assert pool.request("GET", simulator.url).status == 200
        simulator.stop()
        silent.settimeout(DEADLINE_SECONDS)
        assert silent.recv(1) == b""


def test_a_rotated_certificate(tmp_path: Path) -> None:
    """Started again, it serves the certificate that its files hold by then."""
    certfile = issue(trustme.CA(), tmp_path / "server.pem")
    with serving(MACHINE, certfile=certfile) as simulator:
        address = ("127.0.0.1", simulator.port)
        before = ssl.get_server_certificate(address, timeout=DEADLINE_SECONDS)
        issue(trustme.CA(), certfile)
        assert ssl.get_server_certificate(address, timeout=DEADLINE_SECONDS) == before
        simulator.stop()
        simulator.start()
        assert ssl.get_server_certificate(address, timeout=DEADLINE_SECONDS) != before


def test_requests_are_told_only_when_asked_for(
    http: urllib3.PoolManager,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Each request gives one line to whoever asked for lines, and nothing on the terminal."""
    lines: list[str] = []
    with running(Options(MACHINE, log=lines.append)) as simulator:
        http.request("GET", simulator.url)
        http.request("GET", f"http://127.0.0.1:{simulator.port}/nothing")
    assert lines == ["127.0.0.1 'GET /metrics HTTP/1.1' 200", "127.0.0.1 'GET /nothing HTTP/1.1' 404"]
    assert capfd.readouterr() == ("", "")


def test_ipv6(http: urllib3.PoolManager) -> None:
    """An IPv6 address is served, and written in its URL as URLs want it."""
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with running(Options(MACHINE, host="::1")) as simulator:
        assert simulator.url == f"http://[::1]:{simulator.port}/metrics"
        assert http.request("GET", simulator.url).status == 200


def test_a_port_that_is_taken() -> None:
    """A port that somebody serves already is refused at once."""
    with serving(MACHINE) as simulator, pytest.raises(OSError, match="Address already in use"):
        Simulator(Options(MACHINE, port=simulator.port))


def test_a_missing_certificate(tmp_path: Path) -> None:
    """A certificate that is not there is said at once, and the port is given up again."""
    with pytest.raises(FileNotFoundError), running(Options(MACHINE, certfile=tmp_path / "none.pem")):
        pass


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_runs_until_told_to_stop(http: urllib3.PoolManager, how: signal.Signals) -> None:
    """As a program it says its address on one line, serves, and ends well on SIGTERM and on ^C."""
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            words = process.stdout.readline().split()
            assert " ".join(words[:-1]) == (
                "simulating XPU Manager with 8 GPUs x 2 tiles, 56 XeLinks of 4 lanes, at"
            )
            assert http.request("GET", words[-1]).data == render(parse_machine("8x-max1550"))
            os.kill(process.pid, how)
            assert process.communicate(timeout=DEADLINE_SECONDS)[0] == "ended\n"
        finally:
            process.kill()
        assert process.returncode == 0
