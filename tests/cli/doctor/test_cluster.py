"""The doctor, where labels are in an object of a cluster."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.ports import free_port

from standins.api_server import NAME, NAMESPACE, ApiServer
from xelinkd.cli.doctor.cluster import STEPS, look_at_cluster
from xelinkd.cli.doctor.finding import Finding, Outcome
from xelinkd.config.sinks import NodeFeature
from xelinkd.model.feature_file import FeatureFile
from xelinkd.sinks.node_feature import NodeFeatureSink

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE = ("gpu.intel.com/xe-links=0.0-1.0",)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ApiServer]:
    """Give a cluster that answers."""
    with ApiServer(tmp_path).serving() as made:
        yield made


def settings(cluster: ApiServer, **others: Any) -> NodeFeature:  # noqa: ANN401  any keys
    """Give the settings that lead there."""
    given: dict[str, Any] = cluster.settings(**others)
    return NodeFeature(**given | {"credentials_dir": Path(given["credentials_dir"])})


def look(cluster: ApiServer, *, labels_held: bool = False, **others: Any) -> dict[str, Finding]:  # noqa: ANN401  any keys
    """Give what is found at each step."""
    found = look_at_cluster(settings(cluster, **others), time.time(), labels_held=labels_held)
    return {finding.step: finding for finding in found}


def broken(found: dict[str, Finding]) -> list[str]:
    """Name the steps that are broken; each step is there, whatever happens."""
    assert tuple(found) == STEPS
    return [step for step, finding in found.items() if finding.outcome is Outcome.BROKEN]


def test_all_is_well(cluster: ApiServer) -> None:
    """A node whose object is as it should be is told so, with the end of its labels; nothing is changed."""
    NodeFeatureSink(settings(cluster)).write(FeatureFile(ONE, 4_000_000_000))
    before = cluster.object
    found = look(cluster, labels_held=True)
    assert {finding.outcome for finding in found.values()} == {Outcome.WELL}
    assert found["object"].found == f"{NAMESPACE}/{NAME}: 1 link, until 2096-10-02T07:06:40Z"
    assert cluster.object == before


def test_new_node(cluster: ApiServer) -> None:
    """Before the first topology there is no object, and that is well; later it is not."""
    assert broken(look(cluster)) == []
    assert broken(look(cluster, labels_held=True)) == ["object"]


def test_labels_that_ended(cluster: ApiServer) -> None:
    """Labels past their end, whose writer is dead, are found."""
    NodeFeatureSink(settings(cluster)).write(FeatureFile(ONE, 1))
    assert broken(look(cluster)) == ["object"]


def test_no_credentials(cluster: ApiServer) -> None:
    """Without the folder of the service account nothing is asked."""
    found = look(cluster, credentials_dir="/nowhere")
    assert broken(found) == ["credentials"]
    assert "/nowhere/ca.crt" in found["credentials"].found


def test_server_that_is_down(cluster: ApiServer) -> None:
    """A server that is not reached is told from one that refuses us."""
    assert broken(look(cluster, server=f"https://127.0.0.1:{free_port()}")) == ["server"]
    cluster.token = "another"  # noqa: S105  no secret
    assert broken(look(cluster)) == ["server"]


def test_rights_that_are_missing(cluster: ApiServer) -> None:
    """The verbs that the Role lacks are named, before the first write fails for them."""
    cluster.forbidden = {"DELETE"}
    found = look(cluster)
    assert broken(found) == ["rights"]
    assert "may not delete nodefeatures.nfd.k8s-sigs.io in xelinkd" in found["rights"].found


def test_cluster_without_nfd(cluster: ApiServer) -> None:
    """A cluster without Node Feature Discovery is told as that."""
    cluster.has_crd = False
    found = look(cluster)
    assert broken(found) == ["object"]
    assert "is NFD installed?" in found["object"].found


def test_object_of_others(cluster: ApiServer) -> None:
    """An object of our name that is not ours deserves a look."""
    cluster.put(cluster.path, {"metadata": {"name": NAME}, "spec": {"labels": {"mine/a": "1"}}})
    assert look(cluster)["object"].outcome is Outcome.NOTE


def test_nobody_owns_it(cluster: ApiServer) -> None:
    """Where no DaemonSet is named, an uninstall would leave the object: that deserves a look."""
    assert look(cluster, daemonset="")["rights"].outcome is Outcome.NOTE
