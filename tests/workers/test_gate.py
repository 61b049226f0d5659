"""Credentials: a wrong password must not slow XPU Manager down for everybody, whatever happens to xelinkd."""

from __future__ import annotations

import os
import signal
import ssl
import threading
from typing import TYPE_CHECKING

import pytest
import trustme
from support.daemon import Daemon, wait_until, xelinkd
from support.pages import PageServer, recorded, serving_page

from xelinkd.config.load import load
from xelinkd.model.login import WAIT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RIGHT = "s3same, öffne dich"


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """Give what a server needs for TLS; `ca.pem` is what its clients need."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(made)
    return made


@pytest.fixture
def server(context: ssl.SSLContext) -> Iterator[PageServer]:
    """Give an XPU Manager that wants a password, over TLS."""
    with serving_page(recorded("max1550-4x2-mesh"), context) as made:
        made.login = f"xpumadmin:{RIGHT}"
        yield made


@pytest.fixture
def node(tmp_path: Path, server: PageServer) -> Iterator[Daemon]:
    """Give a xelinkd that has the user and a wrong password."""
    made = Daemon(tmp_path, server.url)
    password = tmp_path / "password"
    password.write_text("wrong\n")
    source = {"user": "xpumadmin", "password_file": str(password), "ca_file": str(tmp_path / "ca.pem")}
    made.configure(source=source, supervision={"heartbeat_deadline": "10s"})
    yield made
    made.close()


def test_right_password_opens_the_door(node: Daemon, server: PageServer, tmp_path: Path) -> None:
    """With the right password there are labels, at the usual pace, through restarts of workers."""
    (tmp_path / "password").write_text(f"{RIGHT}\r\n")
    node.start()
    node.wait_for_links(bool)
    os.kill(node.wait_for_workers()["fetcher"], signal.SIGKILL)
    node.wait_for("unit_restarting")
    served = server.served
    wait_until(lambda: server.served >= served + 3, "fetches at the usual pace")
    assert (server.refused, node.events("login_waiting")) == (0, [])


def test_wrong_password_is_tried_once(node: Daemon, server: PageServer) -> None:
    """A refused password is not sent again by a worker that was killed, nor after another change."""
    node.start()
    told = node.wait_for("login_waiting")
    assert (told["reason"], told["wait_seconds"]) == ("unauthorized", WAIT)
    os.kill(node.wait_for_workers()["fetcher"], signal.SIGKILL)
    node.wait_for("unit_restarting")
    node.wait_for_workers()
    node.configure(labels={"min_lanes": 8})
    node.wait_for("config_applied")
    node.wait_for_workers()
    with pytest.raises(AssertionError, match="in vain"):
        wait_until(lambda: server.refused > 1, "a second try", 1.0)


def test_changed_password_is_tried_at_once(node: Daemon, server: PageServer, tmp_path: Path) -> None:
    """Who corrects the password has labels at once, not when the wait is over."""
    node.start()
    node.wait_for("login_waiting")
    (tmp_path / "password").write_text(f"{RIGHT}\n")
    node.wait_for_links(bool)
    assert server.refused == 1


def test_time_out_may_be_the_tarpit(node: Daemon, server: PageServer) -> None:
    """A password that was never accepted is not sent again after a time-out: that may be a punishment."""
    server.tarpit = threading.Event()
    node.configure(source={"deadline": "300ms"})
    node.start()
    assert node.wait_for("login_waiting")["reason"] == "timeout"
    with pytest.raises(AssertionError, match="in vain"):
        wait_until(lambda: server.refused > 1, "a second try", 1.0)


def test_fetcher_killed_in_its_login_is_not_followed_by_another(node: Daemon, server: PageServer) -> None:
    """A login that nobody saw the end of counts as failed."""
    server.tarpit = threading.Event()
    node.start()
    wait_until(lambda: server.refused, "the login")
    os.kill(node.wait_for_workers()["fetcher"], signal.SIGKILL)
    node.wait_for("unit_restarting")
    with pytest.raises(AssertionError, match="in vain"):
        wait_until(lambda: server.refused > 1, "a second try", 1.0)


def test_server_that_is_down_is_asked_as_usual(
    node: Daemon, server: PageServer, context: ssl.SSLContext, tmp_path: Path
) -> None:
    """Where no password was sent nothing waits: labels are there as soon as XPU Manager is."""
    (tmp_path / "password").write_text(RIGHT)
    server.shutdown()
    server.server_close()
    node.start()
    node.wait_for("topology_unknown")
    with serving_page(server.body, context, server.server_port) as back:
        back.login = server.login
        node.wait_for_links(bool)
    assert node.events("login_waiting") == []


def test_unreadable_password_is_told(node: Daemon, tmp_path: Path) -> None:
    """A password file that is missing or empty is named, and its coming is noticed at once."""
    (tmp_path / "password").unlink()
    node.start()
    told = node.wait_for("topology_unknown")
    assert (told["reason"], str(tmp_path / "password") in told["detail"]) == ("password_unreadable", True)
    (tmp_path / "password").write_text(RIGHT)
    node.wait_for_links(bool)


def test_password_is_never_told(node: Daemon, server: PageServer, tmp_path: Path) -> None:
    """No log line, no output and no command line has the password, right or wrong, plain or encoded."""
    (tmp_path / "password").write_text("t0p-secret")
    node.start()
    node.wait_for("login_waiting")
    server.login = "xpumadmin:t0p-secret"
    (tmp_path / "password").write_text("t0p-secret\n")
    shown = xelinkd("check", "--config", node.config)
    seen = xelinkd("once", "--config", node.config, "-dst-file-path", tmp_path / "features.d" / "other.txt")
    told = node.log.read_text() + shown.stdout + shown.stderr + seen.stdout + seen.stderr
    assert "t0p-secret" not in told
    assert "dDBwLXNlY3JldA" not in told
    assert str(tmp_path / "password") in told


def test_password_is_for_the_configured_server_alone(node: Daemon, server: PageServer) -> None:
    """`xelinkd show URL` sends no password to another server that a person names."""
    done = xelinkd("show", server.url.replace("metrics", "other"), "--config", node.config)
    assert (done.returncode, "it wants a user and a password" in done.stderr) == (1, True)


def test_systemd_credential_is_found(
    node: Daemon, server: PageServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password that systemd hands over as a credential is read from the service's own directory."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "xpum").write_text(RIGHT)
    node.configure(source={"password_file": "$CREDENTIALS_DIRECTORY/xpum"})
    assert load(node.config, required=True).config.source.password_path == tmp_path / "xpum"
    assert xelinkd("show", "--config", node.config).returncode == 0
    assert server.refused == 0
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert "/$CREDENTIALS_DIRECTORY/xpum: No such file" in xelinkd("show", "--config", node.config).stderr
