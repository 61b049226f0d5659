"""Requests to a real API server with an account's token, as whoever has the token can make them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import urllib3
from support.cluster import SERVER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.cluster import Cluster

FEATURES: Final = "/apis/nfd.k8s-sigs.io/v1alpha1/namespaces/{}/nodefeatures"
NODE_NAME: Final = "nfd.node.kubernetes.io/node-name"
FORBIDDEN: Final = 403


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's status, and its document."""

    status: int
    document: dict[str, Any]

    @property
    def is_refused_by_policy(self) -> bool:
        """Tell whether an admission policy refused it, rather than the lack of a right."""
        return self.status == FORBIDDEN and "ValidatingAdmissionPolicy" in self.document["message"]

    @property
    def is_refused_by_rights(self) -> bool:
        """Tell whether the account lacks the right."""
        return self.status == FORBIDDEN and "cannot" in self.document["message"]


def ask(
    cluster: Cluster,
    token: str,
    method: str,
    path: str,
    document: Mapping[str, object] | None = None,
) -> Answer:
    """Ask the API server; a PATCH is a server-side apply."""
    kind = "application/apply-patch+yaml" if method == "PATCH" else "application/json"
    url = f"{SERVER}{path}" + (
        f"{'&' if '?' in path else '?'}fieldManager=test&force=true" if method == "PATCH" else ""
    )
    with urllib3.PoolManager(ca_certs=str(cluster.certificate)) as pool:
        answer = pool.request(
            method,
            url,
            body=None if document is None else json.dumps(document),
            headers={"Authorization": f"Bearer {token}", "Content-Type": kind},
            retries=False,
        )
    return Answer(answer.status, json.loads(answer.data))


def node_feature(
    name: str, node: str, labels: Mapping[str, str], namespace: str = "xelinkd"
) -> dict[str, object]:
    """Make a NodeFeature object."""
    return {
        "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
        "kind": "NodeFeature",
        "metadata": {"name": name, "namespace": namespace, "labels": {NODE_NAME: node}},
        "spec": {"labels": dict(labels)},
    }
