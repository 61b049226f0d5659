"""The shipped drop-ins, as their comments say they are used."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final

import trustme
from support.daemon import wait_until
from support.service import CONFIG, SHIPPED

from standins.level_zero import Node
from xelinkd.simulator.machine import parse_machine
from xelinkd.sources.level_zero.source import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.service import Service

    Saw = Callable[[str, object], None]

PASSWORD: Final = "not known to others"  # noqa: S105  a test's
GUARDED: Final = "/usr/lib/xelinkd-guarded.py"
# An XPU Manager that asks for a password, over https.
GUARDED_PAGE: Final = f"""\
import base64, http.server, ssl, urllib.request
EXPECTED = "Basic " + base64.b64encode(b"xelinkd:{PASSWORD}").decode()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        may = self.headers.get("Authorization") == EXPECTED
        body = urllib.request.urlopen("http://127.0.0.1:29999/metrics").read() if may else b""
        self.send_response(200 if may else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/etc/guarded.pem")
server = http.server.HTTPServer(("127.0.0.1", 30443), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


def settings_in(service: Service, example: str) -> str:
    """Give the configuration that an example's comments name, with short waits."""
    text = service.machine.read(f"{SHIPPED}/examples/{example}")
    lines = re.findall(r"^#   (\[{0,2}[a-z_]+(?:\]{1,2}| = .*))$", text, re.MULTILINE)
    source = 'interval = "500ms"\nstartup_delay = "0s"\n'
    settings = "\n".join(lines) + "\n"
    if "[source]\n" in settings:
        return settings.replace("[source]\n", f"[source]\n{source}")
    return f"[source]\n{source}{settings}"


def test_password_from_a_credential(service: Service, saw: Saw) -> None:
    """A password that only root may read reaches the source over https, and nobody else."""
    machine, ca = service.machine, trustme.CA()
    machine.write(
        "/etc/guarded.pem", ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.bytes().decode()
    )
    machine.write(GUARDED, GUARDED_PAGE)
    machine.run("systemd-run", "--unit=guarded", "--collect", "/usr/bin/python3", GUARDED)
    try:
        machine.write("/etc/xelinkd/xpum.pem", ca.cert_pem.bytes().decode())
        machine.write("/etc/xelinkd/password", PASSWORD + "\n")
        machine.run("chmod", "600", "/etc/xelinkd/password")
        machine.write(CONFIG, settings_in(service, "https.conf").replace(":29999", ":30443"))
        service.use_example("examples/https.conf")
        service.start()
        wait_until(lambda: service.links() == 6, "labels from behind the password")
        service.systemctl("reload")  # `check` is shown the credential, too
        found = machine.run("sh", "-c", "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline", check=False).stdout
        assert PASSWORD not in found
        assert PASSWORD not in str(service.journal())
        limits = machine.read(f"/proc/{service.main}/limits")
        assert re.search(r"Max core file size +1 +1 ", limits)
    finally:
        machine.run("systemctl", "stop", "guarded")
    saw("https with a password by LoadCredential= (examples/https.conf)", "labels written, no trace of it")


def test_another_feature_file(service: Service, saw: Saw) -> None:
    """Labels go where the site wants them, and the unit lets nothing else be written."""
    machine = service.machine
    text = machine.read(f"{SHIPPED}/examples/feature-file.conf")
    lines = re.findall(r"^#   ([da].*)$", text, re.MULTILINE)
    machine.write("/run/tmpfiles.d/site.conf", "\n".join(lines) + "\n")
    machine.run("systemd-tmpfiles", "--create", "site.conf")
    machine.write(CONFIG, settings_in(service, "feature-file.conf"))
    service.use_example("examples/feature-file.conf")
    service.start()
    assert service.links("/srv/nfd/features.d/xelinkd.txt") == 6
    saw("another feature file (examples/feature-file.conf)", "labels written")


def test_no_nfd(service: Service, saw: Saw) -> None:
    """Without NFD the labels are a file in a folder of the service's own, for all to read."""
    service.machine.write(CONFIG, settings_in(service, "no-nfd.conf"))
    service.use_example("examples/no-nfd.conf")
    service.start()
    read = ("setpriv", "--reuid=nobody", "--clear-groups", "cat", "/var/lib/xelinkd/xe-links.txt")
    assert "xe-links=" in service.machine.run(*read).stdout
    saw("no NFD (examples/no-nfd.conf)", "labels written")


def test_level_zero(service: Service, saw: Saw, tmp_path: Path) -> None:
    """The GPUs' driver can be loaded and asked inside the sandbox, and labels come without XPU Manager."""
    machine, node = service.machine, Node(tmp_path / "level-zero", parse_machine("3x2"))
    machine.write("/usr/local/lib/library.base64", base64.b64encode(node.library.read_bytes()).decode())
    machine.write("/usr/local/lib/state", (node.folder / "state").read_text())
    decode = f"base64 -d /usr/local/lib/library.base64 >/usr/local/lib/{LIBRARY} && ldconfig"
    machine.run("sh", "-c", decode)
    machine.run("groupadd", "--system", "--force", "render")  # udev makes it, and is not here
    machine.run("systemctl", "stop", "xpum")
    machine.write(CONFIG, settings_in(service, "level-zero.conf"))
    service.use_example("examples/level-zero.conf")
    service.start()
    assert service.links() == 6
    saw(
        "the GPUs asked without XPU Manager, a stand-in for them (examples/level-zero.conf)", "labels written"
    )


def test_status_for_others(service: Service, saw: Saw) -> None:
    """The status answers others than this node with a token, which is a credential."""
    service.machine.write("/etc/xelinkd/token", "let-me-in\n")
    service.machine.write(CONFIG, settings_in(service, "status.conf"))
    service.use_example("examples/status.conf")
    service.start()
    service.machine.write("/etc/token", "let-me-in\n")
    ask = ("/usr/bin/xelinkd", "status", "--token-file", "/etc/token", "http://127.0.0.1:29998")
    wait_until(lambda: service.machine.run(*ask, check=False).returncode == 0, "the answer", 5)
    saw("status with a token by LoadCredential= (examples/status.conf)", "answers")


def test_outputs(service: Service, saw: Saw) -> None:
    """Files for other programs go into the service's own folder and into one of others, for all to read."""
    machine = service.machine
    machine.run("mkdir", "-p", "/var/lib/prometheus/node-exporter")
    text = machine.read(f"{SHIPPED}/examples/outputs.conf")
    (line,) = re.findall(r"^#   (a\+ .*)$", text, re.MULTILINE)
    machine.write("/run/tmpfiles.d/outputs.conf", line + "\n")
    machine.run("systemd-tmpfiles", "--create", "outputs.conf")
    machine.write(CONFIG, settings_in(service, "outputs.conf"))
    service.use_example("examples/outputs.conf")
    service.start()
    for file, content in (
        ("/var/lib/xelinkd/gres.conf", "Links=-1,"),
        ("/var/lib/prometheus/node-exporter/xelink.prom", "xelink_links 6"),
    ):
        assert content in machine.run("setpriv", "--reuid=nobody", "--clear-groups", "cat", file).stdout
    saw("files for other programs (examples/outputs.conf)", "written")
