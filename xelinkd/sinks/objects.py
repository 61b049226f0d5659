"""NodeFeature objects as the API server has them: where they are, and what its answers mean."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Final

import msgspec

from xelinkd.model.node_feature import (
    GROUP,
    RESOURCE,
    VERSION,
    Identity,
    Metadata,
    NodeFeature,
    is_complete,
    labels_of,
    read_object,
    read_status,
)
from xelinkd.sinks.api_server import Answer, ApiError, said
from xelinkd.sinks.sink import Absent, Foreign, Found, Ours

if TYPE_CHECKING:
    from collections.abc import Mapping

_OK: Final = frozenset({http.client.OK, http.client.CREATED, http.client.ACCEPTED})


def collection(namespace: str) -> str:
    """Give the path of all NodeFeature objects in a namespace."""
    return f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{RESOURCE}"


def path_of(who: Identity) -> str:
    """Give the path of a node's object."""
    return f"{collection(who.namespace)}/{who.name}"


def deletion(known: Metadata) -> bytes:
    """Ask for the end of an object as it is known, and of no other."""
    only = {"uid": known.uid, "resourceVersion": known.resource_version}
    return msgspec.json.encode({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": only})


def is_absent(answer: Answer) -> bool:
    """Tell whether there is no such object; a kind that there is not in the cluster has another answer."""
    if answer.status != http.client.NOT_FOUND:
        return False
    details = read_status(answer.body).details
    return details is not None and details.kind == RESOURCE


def object_in(answer: Answer, who: Identity) -> NodeFeature | None:
    """Take the object out of an answer; None if there is none.

    Raises:
        ApiError: it is not known whether there is one.

    """
    return None if is_absent(answer) else written_in(answer, who)


def judged(found: NodeFeature | None, who: Identity) -> Found:
    """Tell whether an object is ours, and all of it as we want it."""
    if found is None:
        return Absent()
    if (file := labels_of(found)) is None:
        return Foreign("an object with other labels" if found.is_marked else "an object of others")
    return Ours(file, is_complete(found, who))


def written_in(answer: Answer, who: Identity) -> NodeFeature:
    """Take the object that was asked for, or applied, out of an answer.

    Raises:
        ApiError: there is none.

    """
    if answer.status not in _OK:
        raise refusal(answer, who.namespace)
    found = read_object(answer.body)
    if found is None or found.metadata.name != who.name:
        raise ApiError("malformed", "the answer is not the object asked for: is this the API server?")
    return found


def gone(answer: Answer, who: Identity) -> None:
    """Take in that an object is deleted, or was not there.

    Raises:
        ApiError: it may be there still.

    """
    if answer.status not in _OK and not is_absent(answer):
        raise refusal(answer, who.namespace)


_REFUSALS: Final[Mapping[int, tuple[str, str]]] = {
    401: (
        "unauthorized",
        "the token is refused: if the service account was made anew, start the pod again",
    ),
    403: (
        "forbidden",
        "let the service account get, create, patch and delete nodefeatures.nfd.k8s-sigs.io in namespace {}",
    ),
    404: ("not_installed", "there is no NodeFeature in this cluster, or no namespace {}: is NFD installed?"),
    409: ("conflict", "somebody else changed the object just now"),
    422: (
        "invalid",
        "the cluster refuses its content: by a policy, or another form of NodeFeature",
    ),
}


def refusal(answer: Answer, where: str) -> ApiError:
    """Say why it did not do it, and what to do about that."""
    reason, advice = _REFUSALS.get(answer.status, ("http_status", "see the log of the API server"))
    return ApiError(reason, f"status {answer.status}: {advice.format(where)}{said(answer)}")
