"""The NodeFeature object: whose node, by which credentials, with which rights, and what stands in it."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Final

import msgspec

from xelinkd.cli.doctor.feature_file import stamp_of
from xelinkd.cli.doctor.finding import broken, not_looked_at, note, well
from xelinkd.config.sinks import DAEMONSET_VARIABLE
from xelinkd.model.labels import pairs_of
from xelinkd.model.node_feature import GROUP, RESOURCE, Identity
from xelinkd.model.undecodable import UNDECODABLE
from xelinkd.model.words import count
from xelinkd.net.pin import CaFileError
from xelinkd.net.trust import trust
from xelinkd.sinks.api_server import CA, ApiError, ApiServer
from xelinkd.sinks.objects import judged, object_in, path_of
from xelinkd.sinks.sink import Absent, Foreign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xelinkd.cli.doctor.finding import Finding
    from xelinkd.config.sinks import NodeFeature
    from xelinkd.sinks.api_server import Answer
    from xelinkd.sinks.sink import Ours

STEPS: Final = ("node", "credentials", "server", "rights", "object")
VERBS: Final = ("get", "create", "patch", "delete")
_REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class _Review(msgspec.Struct, frozen=True):
    allowed: bool


class _Reviewed(msgspec.Struct, frozen=True):
    status: _Review


def look_at_cluster(settings: NodeFeature, now: float, *, labels_held: bool) -> Iterator[Finding]:
    """Look at each step to the object, and at it; `now` is Unix time. A step that fails leaves the rest."""
    yield _node(settings)
    server = ApiServer(settings.url, settings.credentials_dir, float(settings.deadline))
    try:
        trust(str(settings.credentials_dir / CA))
        who = Identity(settings.node_name, settings.namespace or server.own_namespace())
    except (ApiError, CaFileError) as error:
        advice = "give the pod a service account whose token is mounted, or set node_feature.credentials_dir"
        yield broken("credentials", str(error), advice)
        yield from not_looked_at(STEPS[2:], "the credentials are broken")
        return
    yield well("credentials", f"in {settings.credentials_dir}, for namespace {who.namespace}")
    try:
        answer = server.ask("GET", path_of(who))
    except ApiError as error:
        yield broken("server", str(error), "see that the API server is reached from here")
        yield from not_looked_at(STEPS[3:], "the API server does not answer")
        return
    yield from _beyond(server, settings, who, answer, now, labels_held=labels_held)


def _node(settings: NodeFeature) -> Finding:
    origin = "node_feature.node" if settings.node else "NODE_NAME"
    return well("node", f"{settings.node_name}, by {origin}")


def _beyond(  # noqa: PLR0913  what was found on the way
    server: ApiServer,
    settings: NodeFeature,
    who: Identity,
    answer: Answer,
    now: float,
    *,
    labels_held: bool,
) -> Iterator[Finding]:
    if answer.status == http.client.UNAUTHORIZED:
        advice = "start the pod again: its token is of a service account that is gone, or of another cluster"
        yield broken("server", f"{server.url} refuses the token", advice)
        yield from not_looked_at(STEPS[3:], "the API server refuses the token")
        return
    yield well("server", f"{server.url} answers")
    yield _rights(server, settings, who)
    yield _object(answer, who, now, labels_held=labels_held)


def _rights(server: ApiServer, settings: NodeFeature, who: Identity) -> Finding:
    """Ask the API server itself: it tells everybody what they may."""
    try:
        ours = {"namespace": who.namespace, "group": GROUP, "resource": RESOURCE}
        lacking = [verb for verb in VERBS if not _may(server, verb=verb, **ours)]
        may_see_owner = not settings.owner or _may_see(server, who, settings.owner)
    except ApiError as error:
        return note("rights", f"the API server does not tell: {error}", "see that the object below is right")
    if lacking:
        found = f"the service account may not {', '.join(lacking)} {RESOURCE}.{GROUP} in {who.namespace}"
        return broken("rights", found, "bind it to a Role with these verbs")
    if not may_see_owner:
        found = f"the service account may not get the DaemonSet {settings.owner}: nobody owns the object"
        return note("rights", found, "add get of daemonsets.apps to its Role")
    if not settings.owner:
        advice = f"set node_feature.daemonset, or {DAEMONSET_VARIABLE}: else the object outlives an uninstall"
        return note("rights", "as they should be; no DaemonSet is named that owns the object", advice)
    return well("rights", f"{', '.join(VERBS)} of {RESOURCE}.{GROUP}; owned by {settings.owner}")


def _may_see(server: ApiServer, who: Identity, owner: str) -> bool:
    there = {"namespace": who.namespace, "name": owner}
    return _may(server, verb="get", group="apps", resource="daemonsets", **there)


def _may(server: ApiServer, **wanted: str) -> bool:
    """Ask whether we may do something, in the words of ResourceAttributes."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": wanted},
    }
    answer = server.ask("POST", _REVIEWS, msgspec.json.encode(review))
    try:
        return msgspec.json.decode(answer.body, type=_Reviewed).status.allowed
    except UNDECODABLE as error:
        raise ApiError("malformed", f"status {answer.status}") from error


def _object(answer: Answer, who: Identity, now: float, *, labels_held: bool) -> Finding:
    name = f"{who.namespace}/{who.name}"
    try:
        found = judged(object_in(answer, who), who)
    except ApiError as error:
        return broken("object", str(error), "mend that first: without it no label comes to the node")
    if isinstance(found, Foreign):
        advice = "find out whose it is, and delete it; xelinkd puts its labels beside what is there"
        return note("object", f"{name} is not ours: {found.what}", advice)
    if isinstance(found, Absent):
        return _absent(name, labels_held=labels_held)
    return _ours(name, found, now)


def _absent(name: str, *, labels_held: bool) -> Finding:
    if labels_held:
        advice = "restart xelinkd: it does not look again while nothing changes; and find out who deleted it"
        return broken("object", f"{name} is not there, though labels are held", advice)
    return well("object", f"{name} is not there: it comes with the first topology")


def _ours(name: str, found: Ours, now: float) -> Finding:
    links, end = count(len(pairs_of(found.file.lines)), "link"), found.file.expiry
    if not found.usable:
        advice = "restart xelinkd: it puts that right"
        return broken("object", f"{name} names another node", advice)
    if end is None:
        return note("object", f"{name}: {links}, without an end", "restart xelinkd: it sets one")
    if end <= now:
        advice = "mend what is broken above, and start xelinkd: nothing confirmed them for a whole lease"
        return broken("object", f"{name}: its labels ended {stamp_of(end)}, and are there", advice)
    return well("object", f"{name}: {links}, until {stamp_of(end)}")
