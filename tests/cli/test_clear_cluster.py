"""`xelinkd once`, `clear` and `clear --expired`, with labels in objects of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.daemon import toml, xelinkd

from standins.api_server import DAEMONSET, NAME, ApiServer, Refusal, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xelinkd.simulator.server import Simulator

PAST, TO_COME = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ApiServer]:
    """Give a cluster that answers."""
    with ApiServer(tmp_path).serving() as made:
        yield made


@pytest.fixture
def config(tmp_path: Path, cluster: ApiServer, xpum: Simulator) -> Path:
    """Give a configuration that leads there."""
    path = tmp_path / "xelinkd.toml"
    source = {"url": xpum.url, "incomplete_fetches": 1}
    path.write_text(
        toml({"source": source, "sink": {"kind": "node-feature"}, "node_feature": cluster.settings()})
    )
    return path


def test_once_and_clear(cluster: ApiServer, config: Path) -> None:
    """A single run writes the object, and clear removes it; a second clear finds nothing."""
    assert xelinkd("once", "--config", config).returncode == 0
    assert cluster.labels()
    assert xelinkd("clear", "--config", config).returncode == 0
    assert cluster.object is None
    done = xelinkd("clear", "--config", config)
    assert done.returncode == 0
    assert done.stdout == f"NodeFeature xelinkd/{NAME}: nothing to remove\n"


def test_what_is_not_ours_stays(cluster: ApiServer, config: Path) -> None:
    """Clear removes no object of others, and says so by its status."""
    cluster.put(cluster.path, {"metadata": {"name": NAME}, "spec": {"labels": {"mine/a": "1"}}})
    done = xelinkd("clear", "--config", config)
    assert done.returncode == 3
    assert "node_feature_foreign" in done.stderr
    assert cluster.object


@pytest.mark.parametrize("verb", ["once", "clear"])
def test_server_that_refuses(cluster: ApiServer, config: Path, verb: str) -> None:
    """Where the rights are missing, it is said which."""
    cluster.forbidden = {"GET", "PATCH"}
    done = xelinkd(verb, "--config", config)
    assert done.returncode == 3
    assert "nodefeatures.nfd.k8s-sigs.io in namespace xelinkd" in done.stderr


def labelled(cluster: ApiServer, node: str, end: str, by: str = "xelinkd") -> None:
    """Have an object of a node whose labels end then."""
    name = f"xelinkd-for-{node}"
    marks = {"app.kubernetes.io/managed-by": by}
    metadata = {"name": name, "labels": marks, "annotations": {"xelinkd/lease-end": end}}
    cluster.put(path_of(name), {"metadata": metadata, "spec": {"labels": {}}})


def sweep(cluster: ApiServer, config: Path) -> tuple[int, str]:
    """Run the sweeper without a node's name; give its status and its sentence."""
    settings = {**cluster.settings(), "node": "", "daemonset": ""}
    config.write_text(toml({"node_feature": settings}))
    done = xelinkd("clear", "--expired", "--config", config)
    return done.returncode, done.stdout or done.stderr


def test_sweeper_removes_what_has_ended(cluster: ApiServer, config: Path) -> None:
    """Labels of a node whose xelinkd is dead go once their lease has ended; all others stay."""
    for n in range(450):
        labelled(cluster, f"dead-{n}", PAST)
    labelled(cluster, "alive", TO_COME)
    labelled(cluster, "other", PAST, by="helm")
    assert sweep(cluster, config) == (0, "451 objects, 450 removed, 0 could not be\n")
    left = {path.rpartition("/")[2] for path in cluster.objects}
    assert left == {DAEMONSET, "xelinkd-for-alive", "xelinkd-for-other"}
    assert sweep(cluster, config) == (0, "1 object, 0 removed, 0 could not be\n")


def test_sweeper_leaves_what_was_renewed(cluster: ApiServer, config: Path) -> None:
    """An object that its writer renewed after it was listed is not removed."""
    labelled(cluster, "node-1", PAST)
    cluster.instead.extend([None, lambda handler: handler.refuse(Refusal(409))])
    assert sweep(cluster, config) == (0, "1 object, 0 removed, 0 could not be\n")


@pytest.mark.parametrize("status", [401, 429])
def test_sweeper_leaves_a_server_alone(cluster: ApiServer, config: Path, status: int) -> None:
    """A server that is overloaded, or refuses the token, is not asked again for each object."""
    for n in range(5):
        labelled(cluster, f"dead-{n}", PAST)
    cluster.instead.extend([None, None, Refusal(status)])
    code, words = sweep(cluster, config)
    assert code == 3
    assert f"status {status}" in words
    assert cluster.requests("DELETE") == ["DELETE nodefeatures"] * 2


def test_sweeper_without_rights(cluster: ApiServer, config: Path) -> None:
    """What cannot be removed is said, and the exit status tells."""
    labelled(cluster, "node-1", PAST)
    cluster.forbidden = {"DELETE"}
    assert sweep(cluster, config) == (3, "1 object, 0 removed, 1 could not be\n")
    cluster.forbidden = {"GET"}
    status, words = sweep(cluster, config)
    assert status == 3
    assert "status 403" in words
