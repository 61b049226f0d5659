"""The cluster, a xelinkd on its node, and the table of what was seen."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from support.api import FEATURES, ask, node_feature
from support.cluster import NODE, Cluster, running
from support.daemon import Daemon, wait_until
from support.kubelet import wait_for_pod
from support.table import Seen, in_words, nothing_seen, put, rows

from xelinkd.config.sinks import FeatureFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.kubelet import Pod

    from xelinkd.simulator.server import Simulator

ROOT: Final = Path(__file__).parents[3]
FILE: Final = Path(FeatureFile().path)
OURS: Final = "app.kubernetes.io/name=xelinkd"
SEEN: Final = pytest.StashKey[Seen]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a herd be as large as a big cluster."""
    parser.addoption("--nodes", type=int, default=250, help="how many nodes start at once")


def pytest_configure(config: pytest.Config) -> None:
    """Clean up on SIGTERM as on ^C."""
    config.stash[SEEN] = nothing_seen()
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture
def saw(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Give what notes a behaviour for the table: seconds, or in words how it went."""
    return _noting(request.config)


def _noting(config: pytest.Config) -> Callable[..., None]:
    def note(behaviour: str, how: object, sink: str = "feature file") -> None:
        config.stash[SEEN][behaviour][sink] = in_words(how)

    return note


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Give the cluster, with NFD on its node."""
    began = time.monotonic()
    programs = Path(os.environ["XELINKD_E2E_KUBERNETES"])
    with running(tmp_path_factory.mktemp("cluster"), programs) as made:
        _noting(request.config)("the cluster starts, with NFD", time.monotonic() - began)
        yield made


@pytest.fixture
def node(cluster: Cluster, tmp_path: Path, xpum: Simulator) -> Iterator[Daemon]:
    """Give a xelinkd on the node, not started yet, where NFD looks and without labels so far."""
    folder = tmp_path / "node"
    folder.mkdir()
    made = Daemon(folder, xpum.url, {"feature_file": {"path": str(FILE)}})
    made.file = FILE
    yield made
    made.close()
    with suppress(FileNotFoundError):
        FILE.unlink()
    wait_until(lambda: not cluster.labels(), "a node without labels")


@pytest.fixture(scope="session")
def installed(cluster: Cluster, deployments: Path) -> str:
    """Give the manifests of examples/node-feature, applied to a cluster whose node has GPUs."""
    cluster.kubectl("label", "node", NODE, "intel.feature.node.kubernetes.io/gpu=true")
    made = cluster.kubectl("kustomize", deployments / "examples" / "node-feature")
    cluster.kubectl("apply", "--filename=-", stdin=made)
    cluster.kubectl("apply", "--filename", deployments / "node-feature" / "policy.yaml")
    wait_until(partial(_is_in_force, cluster), "the policy in force")  # within a second
    return made


def _is_in_force(cluster: Cluster) -> bool:
    loose = cluster.kubectl("create", "token", "xelinkd", "--namespace=xelinkd").strip()
    path = f"{FEATURES.format('xelinkd')}/tried?dryRun=All"
    answer = ask(cluster, loose, "PATCH", path, node_feature("tried", "none", {}))
    return answer.is_refused_by_policy


@pytest.fixture
def pod(cluster: Cluster, installed: str) -> Pod:
    """Give the pod of xelinkd on the node, not started yet: its labels are to be in a NodeFeature object."""
    assert installed
    return wait_for_pod(cluster, OURS)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, and put it where it was asked for."""
    table = "\n".join(rows(config.stash[SEEN]))
    terminalreporter.write_line(f"\n{table}\n")
    if (path := os.environ.get("XELINKD_TABLE")) and not terminalreporter.stats.get("failed"):
        put(ROOT / path, "tools/e2e-cluster", table)
