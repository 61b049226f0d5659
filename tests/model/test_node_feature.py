"""Labels to and from a NodeFeature object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.any_machine import machines

from xelinkd.config.schema import Labels
from xelinkd.model import node_feature
from xelinkd.model.feature_file import FeatureFile
from xelinkd.model.labels import label_lines
from xelinkd.model.node_feature import (
    LEASE_END,
    MANAGED_BY,
    Bare,
    Identity,
    Metadata,
    daemon_set,
    expired,
    is_complete,
    labels_of,
    read_object,
    read_status,
    render,
)
from xelinkd.model.page import read_page
from xelinkd.simulator.page import render as page_of

if TYPE_CHECKING:
    from xelinkd.simulator.machine import Machine

OWNER = daemon_set("xelinkd", "some-uid")
WHO = Identity("node-1", "xelinkd", OWNER)
FILE = FeatureFile(("gpu.intel.com/xe-links=0.0-1.0",), 1_800_000_000)


def stored(file: FeatureFile = FILE, who: Identity = WHO) -> dict[str, Any]:
    """Give the object as the API server has it once it was applied: sorted, and with more in it."""
    found: dict[str, Any] = json.loads(render(who, file))
    found["metadata"] |= {"uid": "u", "resourceVersion": "7", "generation": 2, "managedFields": [{"a": []}]}
    found["status"] = {"numberOfLabels": 1}
    return found


def read_back(found: dict[str, Any]) -> FeatureFile | None:
    """Give our labels in what is stored."""
    read = read_object(json.dumps(found, sort_keys=True).encode())
    assert read is not None
    return labels_of(read)


def test_what_is_applied() -> None:
    """The object names its node, says whose it is and how long it holds, and goes with the DaemonSet."""
    assert json.loads(render(WHO, FILE)) == {
        "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
        "kind": "NodeFeature",
        "metadata": {
            "name": "xelinkd-for-node-1",
            "namespace": "xelinkd",
            "labels": {
                "nfd.node.kubernetes.io/node-name": "node-1",
                "app.kubernetes.io/managed-by": "xelinkd",
            },
            "annotations": {"xelinkd/lease-end": "2027-01-15T08:00:00Z"},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "xelinkd", "uid": "some-uid"}
            ],
        },
        "spec": {
            "features": {"flags": {}, "attributes": {}, "instances": {}},
            "labels": {"gpu.intel.com/xe-links": "0.0-1.0"},
        },
    }


@given(machine=machines(), summary=st.booleans(), expiry=st.integers(0, 253_402_300_799))
def test_labels_come_back_as_they_were(machine: Machine, expiry: int, *, summary: bool) -> None:
    """Whatever the machine, a restarted xelinkd finds its labels and their end in the object."""
    rules = Labels(min_lanes=0, allow_subdeviceless=True, summary=summary)
    file = FeatureFile(label_lines(read_page(page_of(machine)).topology, rules), expiry)
    assert read_back(stored(file)) == file


def test_labels_of_others_are_passed_over() -> None:
    """What somebody else put into the object is neither ours nor in our way."""
    found = stored()
    found["spec"]["labels"] |= {"example.com/xe-linksmine": "1", "example.com/other": "true", "bare": "1"}
    assert read_back(found) == FILE


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found["metadata"]["labels"].pop(MANAGED_BY),
        lambda found: found["metadata"]["labels"].update({MANAGED_BY: "helm"}),
        lambda found: found["spec"].pop("labels"),
        lambda found: found["spec"]["labels"].update({"gpu.intel.com/xe-links": "true"}),
        lambda found: found["spec"]["labels"].update({"gpu.intel.com/xe-links3": "Z_0.0-1.0"}),
    ],
)
def test_what_is_not_ours_is_not_read(change: Any) -> None:  # noqa: ANN401  a function
    """Labels that xelinkd would not make are not held as if it had."""
    found = stored()
    change(found)
    assert read_back(found) is None


@pytest.mark.parametrize(
    "end", [None, "", "soon", "2027-13-01T00:00:00Z", "9" * 5000, "2027-01-15T08:00:00", "2027-01-15"]
)
def test_end_that_cannot_be_read(end: str | None) -> None:
    """An object without a readable end has none."""
    found = stored()
    found["metadata"]["annotations"] = {} if end is None else {LEASE_END: end}
    assert read_back(found) == FeatureFile(FILE.lines, None)


def test_an_object_that_belongs_elsewhere_is_not_complete() -> None:
    """Another node, or an owner that was made anew, is a reason to write."""
    read = read_object(json.dumps(stored()).encode())
    assert read is not None
    assert is_complete(read, WHO)
    assert is_complete(read, Identity("node-1", "xelinkd"))
    assert not is_complete(read, Identity("node-2", "xelinkd", OWNER))
    assert not is_complete(read, Identity("node-1", "xelinkd", daemon_set("xelinkd", "another-uid")))


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"\xff", b'{"metadata":1}', b"[" * 100_000])
def test_what_is_no_object(body: bytes) -> None:
    """Whatever comes in an object's place is none, and breaks nothing."""
    assert read_object(body) is None
    assert node_feature.read_page(body) is None
    assert read_status(body).message == ""


@given(st.binary())
def test_any_bytes(body: bytes) -> None:
    """What the API server sends is bytes, whatever they are."""
    read_object(body)
    node_feature.read_page(body)
    read_status(body)


def test_what_has_expired() -> None:
    """The sweeper takes what is ours and past its end; what tells no end, or is of others, stays."""

    def one(name: str, end: str, by: str = "xelinkd") -> Bare:
        return Bare(Metadata(name, labels={MANAGED_BY: by}, annotations={LEASE_END: end}))

    items = [
        one("past", "2027-01-15T08:00:00Z"),
        one("yet to come", "2027-01-15T08:00:01Z"),
        one("of others", "2027-01-15T08:00:00Z", "helm"),
        one("without", "?"),
    ]
    assert [metadata.name for metadata in expired(items, 1_800_000_000.0)] == ["past"]
