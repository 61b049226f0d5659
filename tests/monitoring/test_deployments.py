"""What the DaemonSet and its monitor say of the status, held against each other and the program."""

from __future__ import annotations

import re

from support.prometheus import MONITORING, ROOT

from xelinkd.config.schema import Config

DAEMONSET = (ROOT / "deployments" / "daemonset.yaml").read_text()
MONITOR = (MONITORING / "podmonitor.yaml").read_text()


def test_probe_and_port_are_where_the_status_is() -> None:
    """The kubelet asks where xelinkd listens by default, and the monitor for the port by its name."""
    host, _, port = Config().status.listen.rpartition(":")
    assert f"httpGet: {{host: {host}, port: {port}, path: /livez}}" in DAEMONSET
    name = re.search(r"- port: (\w+)", MONITOR)
    assert name is not None
    assert f"{{name: {name[1]}, containerPort: {port}}}" in DAEMONSET


def test_token_is_where_the_comment_says() -> None:
    """The secret that the monitor reads is the one that the DaemonSet mounts."""
    secret = re.search(r"credentials: \{name: ([\w-]+), key: token\}", MONITOR)
    assert secret is not None
    assert f"secretName: {secret[1]}," in DAEMONSET
    assert f"mountPath: /etc/{secret[1]}," in DAEMONSET
    assert f'"/etc/{secret[1]}/token"' in DAEMONSET
