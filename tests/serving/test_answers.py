"""What clients are answered."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
import urllib3
from support.ports import free_port
from support.serving import all_of, serving, starting

if TYPE_CHECKING:
    from pathlib import Path

    from support.serving import Served

GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_a_route_answers(served: Served) -> None:
    """Path and query come to whoever makes the page, and the page comes back."""
    response = served.get("/?verbose&a=1&a=%20b")
    assert response.status == 200
    assert response.json() == {"path": "/", "query": {"verbose": "", "a": " b"}}


def test_head_is_get_without_a_body(served: Served) -> None:
    """Whoever only wants to know whether a page is there gets its headers, its length included."""
    response = served.get("/large", "HEAD")
    assert response.status == 200
    assert response.headers["Content-Length"] == str(4 << 20)
    assert response.data == b""


def test_large_page_comes_whole(served: Served) -> None:
    """A page of some megabytes is sent as fast as it is taken."""
    assert len(served.get("/large").data) == 4 << 20


def test_nothing_is_kept_framed_or_told_of_the_server(served: Served) -> None:
    """Browsers keep nothing, show nothing in other pages, guess no type; a page may have its own policy."""
    headers = served.get("/livez").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "Server" not in headers
    assert served.get("/own").headers["Content-Security-Policy"] == "default-src 'self'"


def test_what_is_not_there(served: Served) -> None:
    """Another path is told to be unknown."""
    assert served.get("/../etc/passwd").status == 404
    assert served.get("//livez").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_nothing_can_be_changed(served: Served, method: str) -> None:
    """Methods other than GET and HEAD are refused, and the answer says which there are."""
    response = served.get("/", method)
    assert response.status == 405
    assert response.headers["Allow"] == "GET, HEAD"


def test_a_request_with_a_body_is_refused(served: Served) -> None:
    """A body is not read, not even one that is announced in two ways."""
    for announced in (b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Content-Length: 0, 5"):
        answer = served.exchange(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + announced + b"\r\n\r\nhello")
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert answer.count(b"HTTP/1.1") == 1


def test_old_client_is_answered_once(served: Served) -> None:
    """A client that speaks HTTP/1.0, and names no host, gets its answer, and the connection is closed."""
    answer = served.exchange(b"GET /livez HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nok")


def test_connection_is_kept_until_it_has_served_enough(tmp_path: Path) -> None:
    """A client may ask again on its connection, up to a number of times that it is told of."""
    with serving(tmp_path, {"requests": 3}) as served:
        answer = served.exchange((GET % b"/livez") * 10)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b"Connection: close") == 1


def test_requests_that_are_sent_ahead_are_answered_in_turn(served: Served) -> None:
    """A client need not wait for one answer before it asks for the next."""
    asked = (
        GET % b"/?n=1" + GET % b"/livez" + b"GET /?n=3 HTTP/1.1\r\nHost: [::1]:1\r\nConnection: close\r\n\r\n"
    )
    answer = served.exchange(asked)
    assert [part in answer for part in (b'"n": "1"', b"\r\n\r\nok", b'"n": "3"')] == [True] * 3
    assert answer.index(b'"n": "1"') < answer.index(b"\r\n\r\nok") < answer.index(b'"n": "3"')


def test_client_may_end_its_side_first(served: Served) -> None:
    """A client that says at once that it will ask nothing more is answered all the same."""
    with served.connect() as sock:
        sock.sendall(GET % b"/livez")
        sock.shutdown(socket.SHUT_WR)
        assert all_of(sock).endswith(b"ok")


def test_a_page_that_cannot_be_made_costs_no_probe(served: Served) -> None:
    """A fault in a page is told once in the log, and to each client, and nothing else suffers from it."""
    assert [served.get("/broken").status for _ in range(3)] == [500] * 3
    event = served.wait_for("status_not_answered")
    assert event["path"] == "/broken"
    assert "no such page" in event["exception"]
    assert len(served.events("status_not_answered")) == 1
    assert served.get("/livez").data == b"ok"


@pytest.mark.parametrize("host", ["localhost", "LocalHost:29998", "127.0.0.1", "10.0.0.1:80", "[::1]:29998"])
def test_addresses_and_localhost_are_answered(served: Served, host: str) -> None:
    """However a person on the node calls its loopback interface, or the end of a tunnel to it, works."""
    assert served.get("/livez", Host=host).status == 200


@pytest.mark.parametrize("host", ["attacker.example", "localhost.attacker.example", "127.0.0.1.nip.io", "1"])
def test_a_web_page_cannot_ask_through_a_browser_on_the_node(served: Served, host: str) -> None:
    """A page that lets its own name lead to the loopback interface (DNS rebinding) reads nothing."""
    assert served.get("/", Host=host).status == 421


def test_ipv6(tmp_path: Path) -> None:
    """The status can be had at the loopback address of IPv6, too."""
    port = free_port()
    with serving(tmp_path, listen=f"[::1]:{port}"):
        assert urllib3.request("GET", f"http://[::1]:{port}/livez").data == b"ok"


def test_all_addresses(tmp_path: Path) -> None:
    """[::] is every address, those of IPv4 too, and beyond the loopback interface names are answered."""
    port = free_port()
    with serving(tmp_path, listen=f"[::]:{port}", anonymous=True) as served:
        for host in ("[::1]", "127.0.0.1"):
            assert urllib3.request("GET", f"http://{host}:{port}/livez").data == b"ok"
        headers = {"Host": "node.example"}
        assert urllib3.request("GET", f"http://127.0.0.1:{port}/", headers=headers).status == 200
        assert served.wait_for("status_listening")["address"] == f"[::]:{port}"


def test_taken_port_is_waited_for(tmp_path: Path) -> None:
    """A port that another program has is told once, and served on as soon as it is free."""
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)) as other,
        starting(tmp_path, listen=f"127.0.0.1:{port}") as served,
    ):
        error = served.wait_for("status_not_listening")["error"]
        assert error == f"127.0.0.1:{port}: Address already in use"
        other.close()
        assert served.wait_for("status_listening")["lasted_seconds"] >= 0
        assert len(served.events("status_not_listening")) == 1
        assert urllib3.request("GET", f"http://127.0.0.1:{port}/livez").data == b"ok"


def test_address_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    """An address that the node does not have (yet) keeps nothing else from its work."""
    with starting(tmp_path, listen=f"192.0.2.1:{free_port()}", anonymous=True) as served:
        assert "assign" in served.wait_for("status_not_listening")["error"]
