"""Modules that are imported for nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from support.bare_metal import bare_metal

if TYPE_CHECKING:
    from support.daemon import Daemon

# What libraries import for what the daemon does not ask of them; OpenSSL is the largest by far.
NEEDLESS = {
    *("_ssl", "asyncio", "bz2", "lzma", "mimetypes", "tempfile", "zipfile", "importlib.metadata"),
    *("difflib", "encodings.idna", "stringprep", "ast", "dis", "random"),
    *("msgspec.inspect", "structlog.stdlib", "structlog.threadlocal"),
    *("prometheus_client", "xelinkd.serving", "xelinkd.simulator"),
}

OPENSSL = re.compile(r"\S*(?:libssl|libcrypto|_ssl|_hashlib)\S*")


def _python(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


def test_daemon_does_without_asyncio() -> None:
    """The daemon spends no memory on asyncio, which structlog imports, until it serves the status."""
    code = "import sys, xelinkd.cli.run, xelinkd.serving.server; print('asyncio.events' in sys.modules)"
    assert _python(code) == "False\n"


def test_deferred_module_is_there_for_whoever_needs_it() -> None:
    """Code that does use a deferred module finds all of it."""
    code = "import xelinkd.logs, asyncio, asyncio.events; print(asyncio.run(asyncio.sleep(0, 42)))"
    assert _python(code) == "42\n"


def test_daemon_does_without_rich() -> None:
    """What else is installed on a machine costs the daemon nothing, and is there for whoever needs it."""
    code = (
        "import sys, xelinkd.logs; print('rich' in sys.modules); import rich.text; print(rich.text.__name__)"
    )
    assert _python(code) == "False\nrich.text\n"


def test_daemon_that_serves_does_without_openssl(daemon: Daemon) -> None:
    """Who asks and serves over plain HTTP has no OpenSSL in memory, with all that the status serves."""
    daemon.serve_status()
    daemon.start(env={"PYTHONPROFILEIMPORTTIME": "1"}).wait_for_links(lambda links: len(links) == 6)
    answers = [daemon.ask(path) for path in ("/metrics", "/", "/topology.svg", "/status.json", "/livez")]
    assert [status for status, _ in answers] == [200] * 5
    assert not OPENSSL.findall(_mapped(daemon))


def _mapped(daemon: Daemon) -> str:
    pids = (daemon.pid, *daemon.wait_for_workers().values())
    return "".join(Path(f"/proc/{pid}/maps").read_text() for pid in pids)


def _imported(daemon: Daemon) -> set[str]:
    """Give what was imported by a statement, in any process of the daemon: `-X importtime` tells.

    It tells of failed attempts, too: of `ssl` (which imports `_ssl`) and `_hashlib`, where they are left out.
    """
    lines = (line for line in daemon.log.read_text().splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines}


def test_daemon_over_http_loads_nothing_needless(daemon: Daemon) -> None:
    """A daemon that asks over http and serves no status has neither OpenSSL nor the like in any process."""
    daemon.start(env={"PYTHONPROFILEIMPORTTIME": "1"}).wait_for_links(lambda links: len(links) == 6)
    assert not OPENSSL.findall(_mapped(daemon))
    imported = _imported(daemon)
    assert {"email.parser", "urllib3.connection", "xelinkd.workers.fetcher"} <= imported
    assert not NEEDLESS & imported


def test_https_can_be_configured_while_it_runs(daemon: Daemon, tmp_path: Path) -> None:
    """Where a new configuration asks over https, TLS is there at once, with all that is promised of it."""
    with bare_metal(tmp_path, "2x2") as other:
        daemon.start(env={"PYTHONPROFILEIMPORTTIME": "1"}).wait_for_links(lambda links: len(links) == 6)
        assert "_ssl" not in _imported(daemon)
        daemon.configure(source=other.settings("rest"))
        daemon.wait_for_links(lambda links: len(links) != 6)
    assert "_ssl" in _imported(daemon)


def test_what_is_left_out_is_there_for_whoever_needs_it() -> None:
    """Other libraries in the daemon's processes, prometheus_client for one, find whole modules."""
    code = """
import sys
from xelinkd.deferred import load_leanly
load_leanly()
print(*({"ssl", "importlib.metadata", "zipfile"} & set(sys.modules)))
import hashlib, http.client, ssl, tempfile, urllib.request, urllib3.http2
print(hashlib.sha256(b"").hexdigest()[:8], ssl.SSLContext.__name__, bool(urllib.request.HTTPSHandler))
print(http.client.HTTPSConnection("localhost").sock, tempfile.TemporaryFile().closed)
print(urllib3.http2.version("urllib3") == urllib3.__version__)
"""
    assert _python(code).splitlines() == ["", "e3b0c442 SSLContext True", "None False", "True"]


def test_tls_that_cannot_be_loaded_is_tried_again(daemon: Daemon, tmp_path: Path) -> None:
    """Where Python is half upgraded when https is configured, the labels stay; it works once that is over."""
    broken = tmp_path / "python" / "ssl.py"
    broken.parent.mkdir()
    broken.write_text("raise ImportError('half upgraded')\n")
    with bare_metal(tmp_path, "2x2") as other:
        daemon.start(env={"PYTHONPATH": str(broken.parent)}).wait_for_links(lambda links: len(links) == 6)
        daemon.configure(source=other.settings("rest"))
        assert daemon.wait_for("worker_not_started")["error"] == "half upgraded"
        assert len(daemon.links()) == 6
        broken.unlink()
        daemon.wait_for_links(lambda links: len(links) != 6)
