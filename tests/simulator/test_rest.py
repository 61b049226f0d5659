"""The simulator's REST server."""

from __future__ import annotations

import json
import shutil
import ssl
from typing import TYPE_CHECKING

import pytest
import urllib3
from support.bare_metal import PASSWORD, bare_metal
from support.daemon import xelinkd

from xelinkd.simulator.machine import parse_machine
from xelinkd.simulator.rest import MAX_DOUBLINGS, Door
from xelinkd.simulator.server import Options, Rest, running

if TYPE_CHECKING:
    from pathlib import Path

DEADLINE = 20
RIGHT = {"authorization": urllib3.make_headers(basic_auth=f"xpumadmin:{PASSWORD}")["authorization"]}


def ask(url: str, pem: Path, headers: dict[str, str] | None = None) -> urllib3.BaseHTTPResponse:
    """Ask as a client that knows the certificate."""
    with urllib3.PoolManager(
        ca_certs=str(pem), assert_hostname=False, retries=False, timeout=DEADLINE
    ) as pool:
        return pool.request("GET", url, headers=headers)


def test_answers_are_those_of_xpu_manager(tmp_path: Path) -> None:
    """Rows have the fields of XPU Manager 1.3, ports add up to the lanes, and errors have its form."""
    with bare_metal(tmp_path, "2x-max1550") as xpum:
        answered = ask(xpum.simulator.rest_url, xpum.pin, RIGHT)
        rows = json.loads(answered.data)
        assert (answered.status, answered.headers["Content-Type"], len(rows)) == (200, "application/json", 16)
        (link, *_) = (row for row in rows if row["link_type"] == "XL")
        assert (len(link["port_list"]), sum(link["port_list"])) == (8, 16)
        assert all(("port_list" in row) == (row["link_type"] == "XL") for row in rows)
        assert ask(f"{xpum.simulator.rest_url}x", xpum.pin, RIGHT).status == 404
        page = ask(xpum.simulator.rest_url.partition("/rest")[0] + "/metrics", xpum.pin, RIGHT)
        assert b"xpum_topology_link" in page.data
        xpum.simulator.set_mode("no-topology")
        failed = ask(xpum.simulator.rest_url, xpum.pin, RIGHT)
        assert (failed.status, set(failed.json())) == (400, {"Status", "Message"})


def test_door_wants_the_password(tmp_path: Path) -> None:
    """Without it, or with another, there is a 401, whatever is asked for."""
    with bare_metal(tmp_path) as xpum:
        wrong = urllib3.make_headers(basic_auth="xpumadmin:other")
        assert [ask(xpum.simulator.rest_url, xpum.pin, given).status for given in (None, wrong)] == [401, 401]
        assert xpum.simulator.refusals == 2
        xpum.simulator.set_password(None)
        assert ask(xpum.simulator.rest_url, xpum.pin).status == 200


def test_tarpit_doubles() -> None:
    """The n-th failed login takes 2^n seconds, up to 256; anybody's count."""
    door, seconds = Door("x"), []
    for _ in range(MAX_DOUBLINGS + 2):
        door, took = door.refusing()
        seconds.append(took)
    assert seconds == [2, 4, 8, 16, 32, 64, 128, 256, 256, 256]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
def test_certificate_is_made_and_swept_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a certificate one is made that has no name; nothing of it is left at the end."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with running(Options(parse_machine("2x1"), rest=Rest())) as simulator:
        _, port = simulator.rest_url.split("/")[2].split(":")
        pem = ssl.get_server_certificate(("127.0.0.1", int(port)))
        assert pem.startswith("-----BEGIN CERTIFICATE-----")
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []


def test_machine_without_openssl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the program is missing, that is said, with what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    done = xelinkd("simulate", "2x1", "--port=0", "--rest-port=0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "xelinkd: there is no program `openssl` to make a certificate with; name one with --rest-cert\n"
    )
