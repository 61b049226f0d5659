"""A real Prometheus that scrapes a real page of metrics; where there is none, its tests are skipped."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from support.daemon import PATIENCE, wait_until
from support.site import NOTHING, Answer, serving

from xelinkd.views.metrics.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deployments" / "monitoring"
RULES = MONITORING / "xelinkd.rules.yaml"
LISTENING = "0A"  # state in /proc/net/tcp

needs_prometheus = pytest.mark.skipif(
    not (shutil.which("promtool") and shutil.which("prometheus")),
    reason="needs prometheus and promtool (Debian: apt-get install prometheus)",
)


def promtool(*arguments: str | Path, stdin: bytes = b"") -> str:
    """Run promtool; give what it says. Fails if promtool does."""
    command = ["promtool", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=120)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


@contextmanager
def serving_metrics(page: bytes) -> Iterator[str]:
    """Serve a page of metrics as the status process does; give its host and port."""
    with serving({"/metrics": Answer(CONTENT_TYPE, NOTHING, page)}) as address:
        yield address.removeprefix("http://")


class Prometheus:
    """A Prometheus that runs, and what it knows."""

    def __init__(self, address: str) -> None:
        """Take its host and port."""
        self.address = address

    def ask(self, path: str, **parameters: str) -> Any:  # noqa: ANN401  as it comes
        """Ask its API; give the data."""
        url = f"http://{self.address}/api/v1/{path}?{urlencode(parameters)}"
        with urlopen(url, timeout=PATIENCE) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Evaluate an expression now; give its series."""
        found: list[dict[str, Any]] = self.ask("query", query=expression)["result"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Give all rules, with how they fare."""
        return [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]


@contextmanager
def running(folder: Path, target: str) -> Iterator[Prometheus]:
    """Let a Prometheus scrape a target as job xelinkd, and judge it by our rules."""
    config = folder / "prometheus.yaml"
    config.write_text(
        f"global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}\n"
        f"rule_files: [{RULES}]\n"
        f"scrape_configs: [{{job_name: xelinkd, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--web.listen-address=127.0.0.1:0"], stdout=log, stderr=log)
    try:
        port = wait_until(lambda: _port(process.pid), "Prometheus to listen")
        wait_until(lambda: _is_ready(port), "Prometheus to be ready")
        yield Prometheus(f"127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _is_ready(port: int) -> bool:
    try:
        urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=PATIENCE).close()
    except HTTPError as error:
        error.close()
        return False
    return True


def _port(pid: int) -> int | None:
    """Give the port that a process listens on; None if it does not yet."""
    open_files = {_target(link) for link in Path(f"/proc/{pid}/fd").iterdir()}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ports = [row[1] for row in rows if row[3] == LISTENING and f"socket:[{row[9]}]" in open_files]
    return int(ports[0].partition(":")[2], 16) if ports else None


def _target(link: Path) -> str:
    """Give where a link leads; nowhere if it is gone already."""
    with suppress(FileNotFoundError):
        return str(link.readlink())
    return ""
