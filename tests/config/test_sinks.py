"""Where the labels go, as configured: what a sink needs, and what does not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xelinkd.config.decode import decode
from xelinkd.config.problems import ConfigError

if TYPE_CHECKING:
    from xelinkd.config.schema import Config

KIND = '[sink]\nkind = "node-feature"\n'
HERE = 'node = "node-1"\nserver = "https://10.0.0.1:6443"\n'
VARIABLES = (
    "NODE_NAME",
    "XELINKD_DAEMONSET",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "KUBERNETES_SERVICE_PORT_HTTPS",
)


@pytest.fixture(autouse=True)
def _outside_of_a_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def read(settings: str = HERE, more: str = "") -> Config:
    """Read a configuration with labels in an object."""
    return decode(f"{KIND}[node_feature]\n{settings}{more}".encode(), where="file").config


def problems(settings: str = HERE, more: str = "") -> list[str]:
    """Give what is wrong with it."""
    with pytest.raises(ConfigError) as caught:
        read(settings, more)
    return [str(problem) for problem in caught.value.problems]


def test_labels_go_to_a_file_unless_told() -> None:
    """Who configures nothing keeps a feature file, and needs no node's name."""
    config = decode(b"", where="file").config
    assert config.target is config.feature_file
    assert config.target.url is None


def test_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is configured wins over the environment."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "other")
    config = read(HERE + 'daemonset = "mine"\nnamespace = "ours"\n')
    assert config.target is config.node_feature
    settings = config.node_feature
    assert (settings.node_name, settings.owner, settings.url) == ("node-1", "mine", "https://10.0.0.1:6443")
    assert settings.place == "NodeFeature ours/xelinkd-for-node-1"


@pytest.mark.parametrize(
    ("host", "url"),
    [("10.0.0.1", "https://10.0.0.1:443"), ("fd00::1", "https://[fd00::1]:443"), ("api", "https://api:443")],
)
def test_pod_knows_its_server(monkeypatch: pytest.MonkeyPatch, host: str, url: str) -> None:
    """In a pod, kubelet's variables tell the server, over IPv6 as well."""
    monkeypatch.setenv("NODE_NAME", "node-1")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    assert read("").node_feature.url == url
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    assert read("").node_feature.url == url.replace(":443", ":1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT_HTTPS", "6443")
    assert read("").node_feature.url == url.replace(":443", ":6443")


def test_all_that_is_missing_is_said_at_once() -> None:
    """Outside of a pod both names are asked for, with the lines of YAML that give the node's."""
    node, server = problems("")
    assert node.startswith("file: node_feature.node: found")
    assert "fieldPath: spec.nodeName" in node
    assert server.startswith("file: node_feature.server: found")


@pytest.mark.parametrize("name", ["Node-1", "-node", "node_1", "n" * 64, "a..b", "ä"])
def test_name_that_no_node_has(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """What cannot stand in a label is refused, from the file and from the environment."""
    assert problems(f'node = "{name}"\nserver = "https://h"\n')[0].startswith("file: node_feature.node")
    monkeypatch.setenv("NODE_NAME", name)
    assert problems('server = "https://h"\n')[0].startswith("file: node_feature.node")


def test_name_that_no_owner_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """A DaemonSet's name from the environment is checked like one from the file."""
    monkeypatch.setenv("XELINKD_DAEMONSET", "a/b")
    (problem,) = problems()
    assert problem.startswith("file: node_feature.daemonset: ")
    assert "XELINKD_DAEMONSET" in problem
    assert read(HERE + 'daemonset = "mine"\n').node_feature.owner == "mine"


@pytest.mark.parametrize(
    ("settings", "more", "key"),
    [
        (HERE + 'lease = "34s"\n', "", "node_feature.lease"),
        (HERE + 'deadline = "26s"\n', "", "supervision.heartbeat_deadline"),
        ('node = "n"\nserver = "http://h"\n', "", "node_feature.server"),
        ('node = "n"\nserver = "https://h/path"\n', "", "node_feature.server"),
        ('node = "n"\nserver = "https://user@h"\n', "", "node_feature.server"),
        (HERE + 'namespace = "a.b"\n', "", "node_feature.namespace"),
        (HERE + 'daemonset = "a/b"\n', "", "node_feature.daemonset"),
        (HERE + 'credentials_dir = "relative"\n', "", "node_feature.credentials_dir"),
        (HERE, '[source]\ninterval = "10h"\n', "node_feature.lease"),
    ],
)
def test_what_does_not_go_together(settings: str, more: str, key: str) -> None:
    """What could not work is refused before it starts, by the key to change."""
    (problem,) = problems(settings, more)
    assert problem.startswith(f"file: {key}: ")


def test_sink_that_is_not_in_force_is_in_nobodys_way() -> None:
    """The lease of the other sink is not held against the interval."""
    read(HERE, '[feature_file]\nlease = "1s"\n')
    decode(b'[node_feature]\nlease = "1s"\ndeadline = "1h"\n', where="file")
